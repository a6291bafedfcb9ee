-- The reference's story costs of the window.
SELECT report.story_id, story.epic_id, sum(report.cost_millicents)::bigint AS cost
FROM token_usage_reports AS report
INNER JOIN stories AS story ON story.id = report.story_id
WHERE report.tenant_id = %(tenant_id)s
  AND report.inserted_at >= %(first)s
  AND report.inserted_at <= %(last)s
  AND report.deleted_at IS NULL
GROUP BY report.story_id, story.epic_id
