-- The number of reports of each tenant, to start the largest tenants first: ids and counts only.
SELECT
    tenant_id,
    count(*) AS reports
FROM token_usage_reports
WHERE inserted_at >= %(first)s
  AND inserted_at < %(end)s
  AND tenant_id = ANY(%(tenant_ids)s)
GROUP BY tenant_id
