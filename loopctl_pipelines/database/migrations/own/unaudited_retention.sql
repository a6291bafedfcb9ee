-- Rows that retention changed for a tenant and has not audited yet. Counted in the transaction that
-- changes them and deleted in the one that audits them, so the next run audits a killed run's work.
CREATE TABLE loopctl_pipelines.unaudited_retention (
    tenant_id uuid PRIMARY KEY,
    reports_soft_deleted bigint NOT NULL,
    reports_hard_deleted bigint NOT NULL,
    anomalies_archived bigint NOT NULL
);

ALTER TABLE loopctl_pipelines.unaudited_retention ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.unaudited_retention FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON loopctl_pipelines.unaudited_retention
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);
