-- The coding agents of a tenant.
CREATE TABLE agents (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT agents_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    agent_type varchar(255) NOT NULL,
    status varchar(255) NOT NULL DEFAULT 'active',
    last_seen_at timestamp,
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE UNIQUE INDEX agents_tenant_id_name_index ON agents (tenant_id, name);
CREATE INDEX agents_tenant_id_index ON agents (tenant_id);
CREATE INDEX agents_agent_type_index ON agents (agent_type);
CREATE INDEX agents_status_index ON agents (status);

ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON agents USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON agents TO loopctl_app;
GRANT ALL ON agents TO loopctl_admin;
