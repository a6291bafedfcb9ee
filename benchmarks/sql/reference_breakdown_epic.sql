-- The reference's query of one scope's breakdown.
SELECT
    story.epic_id AS scope_id,
    report.model_name,
    report.phase,
    sum(report.input_tokens)::bigint AS input_tokens,
    sum(report.output_tokens)::bigint AS output_tokens,
    sum(report.cost_millicents)::bigint AS cost_millicents
FROM token_usage_reports AS report
INNER JOIN stories AS story ON story.id = report.story_id
WHERE report.tenant_id = %(tenant_id)s
  AND report.inserted_at >= %(first)s
  AND report.inserted_at <= %(last)s
  AND report.deleted_at IS NULL
GROUP BY story.epic_id, report.model_name, report.phase
