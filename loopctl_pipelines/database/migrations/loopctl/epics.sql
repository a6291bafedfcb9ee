-- Epics of a project: the scope whose stories are compared with each other.
CREATE TABLE epics (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT epics_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    project_id uuid NOT NULL
        CONSTRAINT epics_project_id_fkey REFERENCES projects(id) ON DELETE CASCADE,
    number integer NOT NULL,
    title varchar(255) NOT NULL,
    description text,
    phase varchar(255),
    position integer NOT NULL DEFAULT 0,
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE UNIQUE INDEX epics_tenant_id_project_id_number_index
    ON epics (tenant_id, project_id, number);
CREATE INDEX epics_tenant_id_index ON epics (tenant_id);
CREATE INDEX epics_project_id_index ON epics (project_id);

ALTER TABLE epics ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON epics USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON epics TO loopctl_app;
GRANT ALL ON epics TO loopctl_admin;
