-- One tenant's part of an operation that pays a vendor: the run that holds it, and its pause.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.tenant_operations (
    tenant_id uuid NOT NULL,
    -- as in the ledger: embedding, extraction
    operation text NOT NULL,
    -- one run at a time, or the same text would be paid for twice; the lease of a dead run lapses
    holder uuid,
    held_until timestamptz,
    pause text,
    paused_until timestamptz,
    -- SHA-256 of the encrypted key, null without one: another key ends the pause
    paused_key bytea,
    consecutive_pauses integer NOT NULL DEFAULT 0,
    missing_key_audited_on date,
    CONSTRAINT tenant_operations_pkey PRIMARY KEY (tenant_id, operation),
    CONSTRAINT tenant_operations_holder CHECK ((holder IS NULL) = (held_until IS NULL)),
    CONSTRAINT tenant_operations_pause CHECK (
        (pause IS NULL) = (paused_until IS NULL) AND pause ~ '^[a-z_]{1,32}( status=[0-9]{3})?$'
    )
);

-- The tenants that an unfinished run is done with: their new work need not wait for the run's end.
-- The sensor removes the rows of runs that have ended.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.finished_tenants (
    tenant_id uuid NOT NULL,
    operation text NOT NULL,
    -- Dagster's id of the run
    run_id text NOT NULL,
    CONSTRAINT finished_tenants_pkey PRIMARY KEY (tenant_id, operation, run_id)
);

ALTER TABLE loopctl_pipelines.tenant_operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.tenant_operations FORCE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.finished_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.finished_tenants FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.tenant_operations;
CREATE POLICY tenant_isolation ON loopctl_pipelines.tenant_operations
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.finished_tenants;
CREATE POLICY tenant_isolation ON loopctl_pipelines.finished_tenants
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may write, list and clean up.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.tenant_operations;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.tenant_operations
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.finished_tenants;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.finished_tenants
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);

-- So far there was one operation.
INSERT INTO loopctl_pipelines.tenant_operations (
    tenant_id, operation, holder, held_until,
    pause, paused_until, paused_key, consecutive_pauses, missing_key_audited_on
)
SELECT
    tenant_id, 'embedding', holder, held_until,
    pause, paused_until, paused_key, consecutive_pauses, missing_key_audited_on
FROM loopctl_pipelines.embedding_tenants
ON CONFLICT DO NOTHING;

INSERT INTO loopctl_pipelines.finished_tenants (tenant_id, operation, run_id)
SELECT tenant_id, 'embedding', run_id
FROM loopctl_pipelines.finished_embeddings
ON CONFLICT DO NOTHING;
