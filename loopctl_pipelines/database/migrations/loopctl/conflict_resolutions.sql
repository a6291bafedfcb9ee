-- Verdicts on pairs of articles that may contradict each other; one row a pair.
CREATE TABLE conflict_resolutions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT conflict_resolutions_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    source_article_id uuid NOT NULL
        CONSTRAINT conflict_resolutions_source_article_id_fkey REFERENCES articles(id) ON DELETE CASCADE,
    target_article_id uuid NOT NULL
        CONSTRAINT conflict_resolutions_target_article_id_fkey REFERENCES articles(id) ON DELETE CASCADE,
    classification varchar(255),
    disposition varchar(255) NOT NULL,
    authoritative_article_id uuid
        CONSTRAINT conflict_resolutions_authoritative_article_id_fkey
            REFERENCES articles(id) ON DELETE SET NULL,
    evidence text,
    confidence varchar(255) NOT NULL DEFAULT 'medium',
    annotated_by varchar(255),
    annotated_at timestamp NOT NULL,
    executed_at timestamp,
    execution_result jsonb NOT NULL DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE UNIQUE INDEX conflict_resolutions_tenant_pair_index
    ON conflict_resolutions (tenant_id, source_article_id, target_article_id);
CREATE INDEX conflict_resolutions_tenant_id_index ON conflict_resolutions (tenant_id);
CREATE INDEX conflict_resolutions_tenant_id_executed_at_index
    ON conflict_resolutions (tenant_id, executed_at);

ALTER TABLE conflict_resolutions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON conflict_resolutions USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON conflict_resolutions TO loopctl_app;
GRANT ALL ON conflict_resolutions TO loopctl_admin;
