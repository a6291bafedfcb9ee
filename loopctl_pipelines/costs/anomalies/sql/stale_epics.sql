-- One tenant, the UTC days [first, end): the epics whose summary of the day is stale.
SELECT
    period_start AS day,
    scope_id AS epic_id
FROM cost_summaries
WHERE tenant_id = %(tenant_id)s
  AND scope_type = 'epic'
  AND period_start >= %(first)s::date
  AND period_start < %(end)s::date
  AND stale
