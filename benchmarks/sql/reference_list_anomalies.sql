SELECT *
FROM cost_anomalies
WHERE tenant_id = %(tenant_id)s
  AND resolved = false
  AND archived = false
ORDER BY inserted_at DESC
LIMIT 20
OFFSET %(offset)s
