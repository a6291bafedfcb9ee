-- Which key was shown which article, and how.
CREATE TABLE article_access_events (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT article_access_events_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    article_id uuid NOT NULL
        CONSTRAINT article_access_events_article_id_fkey REFERENCES articles(id) ON DELETE CASCADE,
    api_key_id uuid NOT NULL
        CONSTRAINT article_access_events_api_key_id_fkey REFERENCES api_keys(id) ON DELETE CASCADE,
    access_type varchar(255) NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    accessed_at timestamp NOT NULL,
    project_id uuid
        CONSTRAINT article_access_events_project_id_fkey REFERENCES projects(id) ON DELETE SET NULL,
    story_id uuid
        CONSTRAINT article_access_events_story_id_fkey REFERENCES stories(id) ON DELETE SET NULL
);

CREATE INDEX article_access_events_tenant_article_time_idx
    ON article_access_events (tenant_id, article_id, accessed_at);
CREATE INDEX article_access_events_tenant_apikey_time_idx
    ON article_access_events (tenant_id, api_key_id, accessed_at);
CREATE INDEX article_access_events_tenant_time_idx
    ON article_access_events (tenant_id, accessed_at);
CREATE INDEX article_access_events_tenant_type_time_idx
    ON article_access_events (tenant_id, access_type, accessed_at);
CREATE INDEX article_access_events_recent_idx
    ON article_access_events (tenant_id, accessed_at DESC);
CREATE INDEX article_access_events_project_id_accessed_at_idx
    ON article_access_events (tenant_id, project_id, accessed_at DESC);
CREATE INDEX article_access_events_story_id_accessed_at_idx
    ON article_access_events (tenant_id, story_id, accessed_at DESC);

ALTER TABLE article_access_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON article_access_events USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON article_access_events TO loopctl_app;
GRANT ALL ON article_access_events TO loopctl_admin;
