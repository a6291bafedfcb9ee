-- Up to which day a tenant's costs are final: the reports of the days before it were archived by
-- retention, so what can be summed up of them is less than what they cost. A row is never deleted
-- and its day never moves back.
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

-- As with the breakers: outside of any tenant's transaction the owner may read it, so that a day
-- that is archived is not taken for one that has to be computed again.
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.archived_days
    FOR SELECT
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
