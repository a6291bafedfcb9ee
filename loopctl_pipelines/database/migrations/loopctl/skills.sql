-- Named prompts of a tenant.
CREATE TABLE skills (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT skills_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    project_id uuid
        CONSTRAINT skills_project_id_fkey REFERENCES projects(id) ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    description text,
    current_version integer NOT NULL DEFAULT 1,
    status varchar(255) NOT NULL DEFAULT 'active',
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE INDEX skills_tenant_id_index ON skills (tenant_id);
CREATE INDEX skills_tenant_id_project_id_index ON skills (tenant_id, project_id);
CREATE INDEX skills_tenant_id_status_index ON skills (tenant_id, status);
CREATE UNIQUE INDEX skills_tenant_project_name_index
    ON skills (tenant_id, COALESCE(project_id, '00000000-0000-0000-0000-000000000000'), name);

ALTER TABLE skills ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON skills USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON skills TO loopctl_app;
GRANT ALL ON skills TO loopctl_admin;
