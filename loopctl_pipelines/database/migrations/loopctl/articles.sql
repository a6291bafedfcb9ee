-- Knowledge articles with their embedding. Those of scope 'system' belong to no tenant.
CREATE TABLE articles (
    id uuid PRIMARY KEY,
    tenant_id uuid
        CONSTRAINT articles_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    project_id uuid
        CONSTRAINT articles_project_id_fkey REFERENCES projects(id) ON DELETE CASCADE,
    title varchar(500) NOT NULL,
    body text NOT NULL,
    category varchar(255) NOT NULL,
    status varchar(255) NOT NULL DEFAULT 'draft',
    tags varchar(255)[] NOT NULL DEFAULT '{}',
    source_type varchar(255),
    source_id uuid,
    metadata jsonb NOT NULL DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    search_vector tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', coalesce(title, '')), 'A')
        || setweight(to_tsvector('english', coalesce(body, '')), 'B')
    ) STORED,
    embedding vector(1536),
    scope varchar(255) NOT NULL DEFAULT 'tenant',
    slug varchar(255),
    idempotency_key varchar(255),
    embedding_content_hash varchar(255),
    CONSTRAINT articles_scope_tenant_consistency CHECK (
        (scope = 'tenant' AND tenant_id IS NOT NULL) OR (scope = 'system' AND tenant_id IS NULL)
    )
);

CREATE INDEX articles_tenant_id_index ON articles (tenant_id);
CREATE INDEX articles_tags_index ON articles USING gin (tags);
CREATE INDEX articles_tenant_id_project_id_category_index
    ON articles (tenant_id, project_id, category);
CREATE UNIQUE INDEX articles_tenant_title_active_idx
    ON articles (tenant_id, title) WHERE status NOT IN ('archived', 'superseded');
CREATE INDEX articles_search_vector_idx ON articles USING gin (search_vector);
CREATE INDEX articles_embedding_hnsw_idx ON articles USING hnsw (embedding vector_cosine_ops);
CREATE UNIQUE INDEX articles_system_slug_idx ON articles (slug) WHERE scope = 'system';
CREATE UNIQUE INDEX articles_tenant_slug_idx ON articles (tenant_id, slug) WHERE scope = 'tenant';
CREATE INDEX articles_okf_loopctl_id_idx
    ON articles (tenant_id, (metadata->'okf'->>'loopctl_id'))
    WHERE metadata->'okf'->>'loopctl_id' IS NOT NULL;
CREATE UNIQUE INDEX articles_tenant_idempotency_key_idx
    ON articles (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX articles_metadata_index ON articles USING gin (metadata);
CREATE INDEX articles_tenant_inserted_id_idx ON articles (tenant_id, inserted_at, id);
CREATE INDEX articles_tenant_source_inserted_id_idx
    ON articles (tenant_id, source_id, inserted_at, id) WHERE source_id IS NOT NULL;

ALTER TABLE articles ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON articles USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON articles TO loopctl_app;
GRANT ALL ON articles TO loopctl_admin;
