-- Claims the tenant's new anomalies for a message.
INSERT INTO loopctl_pipelines.alerted_findings (tenant_id, finding_id, kind, message_id)
SELECT
    anomaly.tenant_id,
    anomaly.id,
    'anomaly',
    %(message_id)s
FROM cost_anomalies AS anomaly
WHERE anomaly.tenant_id = %(tenant_id)s
  AND NOT anomaly.resolved
  AND NOT anomaly.archived
  AND anomaly.inserted_at >= %(since)s
ON CONFLICT DO NOTHING
