-- A tenant's own models and encrypted keys.
CREATE TABLE tenant_llm_settings (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT tenant_llm_settings_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    api_key bytea,
    extraction_model varchar(255),
    classification_model varchar(255),
    merge_model varchar(255),
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    embedding_api_key bytea,
    embedding_model varchar(255)
);

CREATE UNIQUE INDEX tenant_llm_settings_tenant_id_index ON tenant_llm_settings (tenant_id);

ALTER TABLE tenant_llm_settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenant_llm_settings USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_llm_settings TO loopctl_app;
GRANT ALL ON tenant_llm_settings TO loopctl_admin;
