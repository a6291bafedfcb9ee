SELECT count(*)
FROM cost_anomalies
WHERE tenant_id = %(tenant_id)s
  AND resolved = false
  AND archived = false
