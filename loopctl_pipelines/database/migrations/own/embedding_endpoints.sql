-- How an embedding server differs from OpenAI's, as far as its answers showed it; no row: not at all. Of each
-- tenant by itself, so that no tenant's texts, key or account change how another tenant's texts are sent.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.embedding_endpoints (
    tenant_id uuid NOT NULL,
    -- SHA-256 of the address, and of the header that carries the key
    endpoint bytea NOT NULL,
    model text NOT NULL,
    -- numbers that the model gives, before zeros fill the column; null: not known
    dimension integer,
    -- the server makes no base64
    floats boolean NOT NULL DEFAULT false,
    -- the most texts of a request that it accepted in place of a larger one; null: no limit was met
    most_texts integer,
    updated_at timestamptz NOT NULL,
    CONSTRAINT embedding_endpoints_pkey PRIMARY KEY (tenant_id, endpoint, model),
    CONSTRAINT embedding_endpoints_dimension CHECK (dimension > 0),
    CONSTRAINT embedding_endpoints_most_texts CHECK (most_texts > 0)
);

ALTER TABLE loopctl_pipelines.embedding_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.embedding_endpoints FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.embedding_endpoints;
CREATE POLICY tenant_isolation ON loopctl_pipelines.embedding_endpoints
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may clean up.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.embedding_endpoints;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.embedding_endpoints
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);

-- The embedding endpoint of the tenant's last run: what another one refused says nothing about this one. Null: none yet.
ALTER TABLE loopctl_pipelines.tenant_operations
    ADD COLUMN IF NOT EXISTS endpoint bytea;

-- Earlier versions blamed the tenant for each 404. Which of them were about the address is not known, so they
-- are tried once more.
DELETE FROM loopctl_pipelines.embedding_states
WHERE failure = 'api_error status=404';
