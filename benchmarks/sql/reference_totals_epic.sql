-- The reference's query of one scope's totals.
SELECT
    story.epic_id AS scope_id,
    COALESCE(sum(report.input_tokens), 0)::bigint AS input_tokens,
    COALESCE(sum(report.output_tokens), 0)::bigint AS output_tokens,
    COALESCE(sum(report.cost_millicents), 0)::bigint AS cost_millicents,
    count(*) AS reports,
    count(DISTINCT report.story_id) AS stories
FROM token_usage_reports AS report
INNER JOIN stories AS story ON story.id = report.story_id
WHERE report.tenant_id = %(tenant_id)s
  AND report.inserted_at >= %(first)s
  AND report.inserted_at <= %(last)s
  AND report.deleted_at IS NULL
GROUP BY story.epic_id
