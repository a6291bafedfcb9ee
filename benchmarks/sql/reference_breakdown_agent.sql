-- The reference's query of one scope's breakdown.
SELECT
    agent_id AS scope_id,
    model_name,
    phase,
    sum(input_tokens)::bigint AS input_tokens,
    sum(output_tokens)::bigint AS output_tokens,
    sum(cost_millicents)::bigint AS cost_millicents
FROM token_usage_reports
WHERE tenant_id = %(tenant_id)s
  AND inserted_at >= %(first)s
  AND inserted_at <= %(last)s
  AND deleted_at IS NULL
GROUP BY agent_id, model_name, phase
