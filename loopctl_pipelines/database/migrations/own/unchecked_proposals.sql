-- Published articles that the gate let pass without a comparison, or compared with a part of the
-- tenant's articles only: they are compared again when vectors have landed.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.unchecked_proposals (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT unchecked_proposals_pkey PRIMARY KEY (tenant_id, article_id)
);

ALTER TABLE loopctl_pipelines.unchecked_proposals ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.unchecked_proposals FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.unchecked_proposals;
CREATE POLICY tenant_isolation ON loopctl_pipelines.unchecked_proposals
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may count and clean up.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.unchecked_proposals;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.unchecked_proposals
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
