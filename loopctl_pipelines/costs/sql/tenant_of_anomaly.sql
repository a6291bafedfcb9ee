SELECT tenant_id
FROM cost_anomalies
WHERE id = %(anomaly_id)s
