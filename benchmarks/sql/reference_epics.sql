-- The reference's candidates.
SELECT scope_id AS epic_id, avg_cost_per_story_millicents AS average
FROM cost_summaries
WHERE tenant_id = %(tenant_id)s
  AND scope_type = 'epic'
  AND period_start = %(day)s
  AND period_end = %(day)s
  AND avg_cost_per_story_millicents > 0
