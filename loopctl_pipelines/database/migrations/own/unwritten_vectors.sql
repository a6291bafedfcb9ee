-- Paid vectors that could not be written because another session had locked the article. The next run
-- writes them; written vectors, and those a week old, are removed.
CREATE TABLE loopctl_pipelines.unwritten_vectors (
    tenant_id uuid NOT NULL,
    -- of model, dimension and text, as in embedding_states
    content_hash text NOT NULL,
    vector vector NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, content_hash)
);

ALTER TABLE loopctl_pipelines.unwritten_vectors ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.unwritten_vectors FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON loopctl_pipelines.unwritten_vectors
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may clean up.
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.unwritten_vectors
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
