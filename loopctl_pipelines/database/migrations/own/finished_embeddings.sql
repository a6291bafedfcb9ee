-- The tenants that an unfinished run is done with: their new articles need not wait for the run's end.
-- The sensor removes the rows of runs that have ended.
CREATE TABLE loopctl_pipelines.finished_embeddings (
    tenant_id uuid NOT NULL,
    -- Dagster's id of the run
    run_id text NOT NULL,
    PRIMARY KEY (tenant_id, run_id)
);

ALTER TABLE loopctl_pipelines.finished_embeddings ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.finished_embeddings FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON loopctl_pipelines.finished_embeddings
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may write, list and clean up.
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.finished_embeddings
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
