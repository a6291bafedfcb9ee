-- Addresses that a tenant wants its events sent to.
CREATE TABLE webhooks (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT webhooks_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    url varchar(255) NOT NULL,
    signing_secret_encrypted bytea NOT NULL,
    events varchar(255)[] NOT NULL DEFAULT '{}',
    project_id uuid
        CONSTRAINT webhooks_project_id_fkey REFERENCES projects(id) ON DELETE CASCADE,
    active boolean NOT NULL DEFAULT true,
    consecutive_failures integer NOT NULL DEFAULT 0,
    last_delivery_at timestamp,
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE INDEX webhooks_tenant_id_index ON webhooks (tenant_id);
CREATE INDEX webhooks_tenant_id_active_index ON webhooks (tenant_id, active);
CREATE INDEX webhooks_project_id_index ON webhooks (project_id);

ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON webhooks USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks TO loopctl_app;
GRANT ALL ON webhooks TO loopctl_admin;
