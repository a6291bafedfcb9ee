-- The circuit of each tenant at each vendor; a closed circuit without failures has no row.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.circuit_breakers (
    tenant_id uuid NOT NULL,
    vendor text NOT NULL,
    -- counted failures within the window, fewer than open the circuit; empty while it is open
    failures timestamptz[] NOT NULL DEFAULT '{}',
    opened_at timestamptz,
    open_until timestamptz,
    -- the half-open circuit's one probe, and how long it may take
    probe_id uuid,
    probe_until timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT circuit_breakers_pkey PRIMARY KEY (tenant_id, vendor),
    CONSTRAINT circuit_breakers_opening CHECK ((opened_at IS NULL) = (open_until IS NULL)),
    CONSTRAINT circuit_breakers_probe CHECK ((probe_id IS NULL) = (probe_until IS NULL)),
    CONSTRAINT circuit_breakers_probe_of_opening CHECK (probe_id IS NULL OR opened_at IS NOT NULL)
);

ALTER TABLE loopctl_pipelines.circuit_breakers ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.circuit_breakers FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.circuit_breakers;
CREATE POLICY tenant_isolation ON loopctl_pipelines.circuit_breakers
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- Forced row-level security binds the owner too. Outside a tenant's transaction it may list open
-- circuits and delete idle rows; inside one it sees that tenant's rows only.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.circuit_breakers;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.circuit_breakers
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);

-- So far there was one vendor.
INSERT INTO loopctl_pipelines.circuit_breakers (
    tenant_id, vendor, failures, opened_at, open_until, probe_id, probe_until, updated_at
)
SELECT
    tenant_id, 'openai', failures, opened_at, open_until, probe_id, probe_until, updated_at
FROM loopctl_pipelines.embedding_breakers
ON CONFLICT DO NOTHING;
