-- Removes the claims on anomalies that are gone. Those on budgets are few: they end with their tenant.
DELETE FROM loopctl_pipelines.alerted_findings AS finding
WHERE (
    finding.kind = 'anomaly'
    AND NOT EXISTS (
        SELECT FROM cost_anomalies AS anomaly
        WHERE anomaly.tenant_id = finding.tenant_id AND anomaly.id = finding.finding_id
    )
)
OR NOT EXISTS (SELECT FROM tenants WHERE tenants.id = finding.tenant_id)
