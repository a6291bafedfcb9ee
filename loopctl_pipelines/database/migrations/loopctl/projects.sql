-- Projects of a tenant.
CREATE TABLE projects (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT projects_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    slug varchar(255) NOT NULL,
    repo_url varchar(255),
    description text,
    tech_stack varchar(255),
    status varchar(255) NOT NULL DEFAULT 'active',
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    mission text
);

CREATE UNIQUE INDEX projects_tenant_id_slug_index ON projects (tenant_id, slug);
CREATE INDEX projects_tenant_id_index ON projects (tenant_id);
CREATE INDEX projects_status_index ON projects (status);

ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON projects USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON projects TO loopctl_app;
GRANT ALL ON projects TO loopctl_admin;
