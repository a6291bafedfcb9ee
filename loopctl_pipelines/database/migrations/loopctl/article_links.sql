-- Links between articles: written by people and agents, or made from similar vectors.
CREATE TABLE article_links (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT article_links_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    source_article_id uuid NOT NULL
        CONSTRAINT article_links_source_article_id_fkey REFERENCES articles(id) ON DELETE RESTRICT,
    target_article_id uuid NOT NULL
        CONSTRAINT article_links_target_article_id_fkey REFERENCES articles(id) ON DELETE RESTRICT,
    relationship_type varchar(255) NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    inserted_at timestamp NOT NULL
);

CREATE UNIQUE INDEX article_links_tenant_src_tgt_rel_index
    ON article_links (tenant_id, source_article_id, target_article_id, relationship_type);
CREATE INDEX article_links_tenant_id_index ON article_links (tenant_id);
CREATE INDEX article_links_source_article_id_index ON article_links (source_article_id);
CREATE INDEX article_links_target_article_id_index ON article_links (target_article_id);

ALTER TABLE article_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON article_links USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON article_links TO loopctl_app;
GRANT ALL ON article_links TO loopctl_admin;
