-- The tenants that have open anomalies which no message is about: ids only.
SELECT DISTINCT anomaly.tenant_id
FROM cost_anomalies AS anomaly
WHERE NOT anomaly.resolved
  AND NOT anomaly.archived
  AND anomaly.inserted_at >= %(since)s
  AND anomaly.tenant_id = ANY(%(tenant_ids)s)
  AND NOT EXISTS (
      SELECT FROM loopctl_pipelines.alerted_findings AS finding
      WHERE finding.tenant_id = anomaly.tenant_id AND finding.finding_id = anomaly.id
  )
