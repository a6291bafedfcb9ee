-- Readable log of decisions on articles; written only for tenants that want it.
CREATE TABLE kb_curation_events (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT kb_curation_events_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    kind varchar(255) NOT NULL,
    summary text NOT NULL,
    refs uuid[] NOT NULL DEFAULT '{}',
    actor varchar(255),
    confidence varchar(255),
    metadata jsonb NOT NULL DEFAULT '{}',
    at timestamp NOT NULL,
    inserted_at timestamp NOT NULL
);

CREATE INDEX kb_curation_events_tenant_id_at_index ON kb_curation_events (tenant_id, at);
CREATE INDEX kb_curation_events_tenant_id_kind_at_index ON kb_curation_events (tenant_id, kind, at);

ALTER TABLE kb_curation_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON kb_curation_events USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON kb_curation_events TO loopctl_app;
GRANT ALL ON kb_curation_events TO loopctl_admin;
