-- The reference's query of one scope's totals.
SELECT
    project_id AS scope_id,
    COALESCE(sum(input_tokens), 0)::bigint AS input_tokens,
    COALESCE(sum(output_tokens), 0)::bigint AS output_tokens,
    COALESCE(sum(cost_millicents), 0)::bigint AS cost_millicents,
    count(*) AS reports,
    count(DISTINCT story_id) AS stories
FROM token_usage_reports
WHERE tenant_id = %(tenant_id)s
  AND inserted_at >= %(first)s
  AND inserted_at <= %(last)s
  AND deleted_at IS NULL
GROUP BY project_id
