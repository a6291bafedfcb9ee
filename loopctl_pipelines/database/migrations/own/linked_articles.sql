-- The vector of each article that its links were made from. An article with another vector, or in another
-- project, is linked again; one that is no longer published loses its links. No foreign key: it would put
-- triggers on loopctl's articles.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.linked_articles (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    project_id uuid,
    -- of the text; model and dimension are kept beside, because loopctl's own hash leaves them out
    content_hash text NOT NULL,
    model text NOT NULL,
    dimension integer NOT NULL,
    PRIMARY KEY (tenant_id, article_id)
);

-- What linking has changed for a tenant since its last audit row. Counted in the transaction that changes
-- it, so the next run audits a killed run's work.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.linking_tenants (
    tenant_id uuid PRIMARY KEY,
    articles bigint NOT NULL DEFAULT 0,
    added bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    removed bigint NOT NULL DEFAULT 0
);

ALTER TABLE loopctl_pipelines.linked_articles ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.linked_articles FORCE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.linking_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.linking_tenants FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.linked_articles;
CREATE POLICY tenant_isolation ON loopctl_pipelines.linked_articles
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.linking_tenants;
CREATE POLICY tenant_isolation ON loopctl_pipelines.linking_tenants
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may clean up.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.linked_articles;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.linked_articles
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.linking_tenants;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.linking_tenants
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
