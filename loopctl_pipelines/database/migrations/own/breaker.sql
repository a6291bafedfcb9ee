-- The state of each tenant's circuit breaker; a closed circuit without failures has no row.
CREATE TABLE loopctl_pipelines.embedding_breakers (
    tenant_id uuid PRIMARY KEY,
    -- counted failures within the window, fewer than open the circuit; empty while it is open
    failures timestamptz[] NOT NULL DEFAULT '{}',
    opened_at timestamptz,
    open_until timestamptz,
    -- who holds the half-open circuit's one place, and how long without an answer
    probe_id uuid,
    probe_until timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT embedding_breakers_opening CHECK ((opened_at IS NULL) = (open_until IS NULL)),
    CONSTRAINT embedding_breakers_probe CHECK ((probe_id IS NULL) = (probe_until IS NULL)),
    CONSTRAINT embedding_breakers_probe_of_opening CHECK (probe_id IS NULL OR opened_at IS NOT NULL)
);

ALTER TABLE loopctl_pipelines.embedding_breakers ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.embedding_breakers FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON loopctl_pipelines.embedding_breakers
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- Forced row-level security binds the owner too: outside of any tenant's transaction it may list
-- open circuits and remove idle rows, inside it sees that tenant's row only.
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.embedding_breakers
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
