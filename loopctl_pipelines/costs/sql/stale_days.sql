-- The days of active tenants with stale summaries: ids and days only.
SELECT DISTINCT
    summary.tenant_id,
    summary.period_start AS day
FROM cost_summaries AS summary
INNER JOIN tenants ON tenants.id = summary.tenant_id
WHERE summary.stale
  AND summary.period_start >= %(first)s
  AND summary.period_start <= %(last)s
  AND tenants.status = 'active'
