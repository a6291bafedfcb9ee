-- The day before which a tenant's costs are final: retention archived reports of earlier days, so the
-- remaining reports add up to less than the cost. A row is never deleted and its day never moves back.
CREATE TABLE loopctl_pipelines.archived_days (
    tenant_id uuid PRIMARY KEY,
    -- the first UTC day that is not archived
    archived_before date NOT NULL,
    updated_at timestamptz NOT NULL
);

ALTER TABLE loopctl_pipelines.archived_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.archived_days FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON loopctl_pipelines.archived_days
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may read the table, so that an archived
-- day is not taken for a day to recompute.
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.archived_days
    FOR SELECT
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
