-- Who handed which story to whom.
CREATE TABLE dispatches (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL
        CONSTRAINT dispatches_tenant_id_fkey REFERENCES tenants(id),
    parent_dispatch_id uuid
        CONSTRAINT dispatches_parent_dispatch_id_fkey REFERENCES dispatches(id),
    api_key_id uuid
        CONSTRAINT dispatches_api_key_id_fkey REFERENCES api_keys(id),
    agent_id uuid
        CONSTRAINT dispatches_agent_id_fkey REFERENCES agents(id),
    story_id uuid
        CONSTRAINT dispatches_story_id_fkey REFERENCES stories(id),
    role varchar(255) NOT NULL,
    lineage_path uuid[] NOT NULL DEFAULT '{}',
    expires_at timestamp NOT NULL,
    revoked_at timestamp,
    created_at timestamp NOT NULL DEFAULT now()
);

CREATE INDEX dispatches_lineage_path_idx ON dispatches USING gin (lineage_path);
CREATE INDEX dispatches_tenant_id_expires_at_index ON dispatches (tenant_id, expires_at);
CREATE INDEX dispatches_tenant_id_role_index ON dispatches (tenant_id, role);

ALTER TABLE dispatches ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON dispatches
    USING (tenant_id = current_setting('app.current_tenant_id', true)::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON dispatches TO loopctl_app;
GRANT ALL ON dispatches TO loopctl_admin;
