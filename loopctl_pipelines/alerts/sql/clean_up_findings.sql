-- Removes the claims on anomalies that are gone.
DELETE FROM loopctl_pipelines.alerted_findings AS finding
WHERE NOT EXISTS (
    SELECT FROM cost_anomalies AS anomaly
    WHERE anomaly.tenant_id = finding.tenant_id AND anomaly.id = finding.finding_id
)
