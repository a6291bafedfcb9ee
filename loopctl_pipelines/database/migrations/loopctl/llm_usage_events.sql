-- Ledger of billed requests to a model; rows are only added.
CREATE TABLE llm_usage_events (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT llm_usage_events_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    operation varchar(255) NOT NULL,
    model varchar(255) NOT NULL,
    input_tokens integer NOT NULL DEFAULT 0,
    output_tokens integer NOT NULL DEFAULT 0,
    source_type varchar(255),
    article_id uuid,
    occurred_at timestamp NOT NULL DEFAULT now()
);

CREATE INDEX llm_usage_events_tenant_id_occurred_at_index
    ON llm_usage_events (tenant_id, occurred_at);
CREATE INDEX llm_usage_events_tenant_id_operation_index ON llm_usage_events (tenant_id, operation);

ALTER TABLE llm_usage_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON llm_usage_events USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON llm_usage_events TO loopctl_app;
GRANT ALL ON llm_usage_events TO loopctl_admin;
