-- The least that any rollup has to do: read the day once and add it up.
SELECT
    tenant_id,
    agent_id,
    sum(input_tokens),
    sum(output_tokens),
    sum(cost_millicents),
    count(*)
FROM token_usage_reports
WHERE inserted_at >= %(first)s
  AND inserted_at <= %(last)s
  AND deleted_at IS NULL
GROUP BY tenant_id, agent_id
