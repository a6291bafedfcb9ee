-- Totals per tenant, scope and day. The end of the period is not part of the key.
CREATE TABLE cost_summaries (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT cost_summaries_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    scope_type varchar(255) NOT NULL,
    scope_id uuid NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    total_input_tokens bigint DEFAULT 0,
    total_output_tokens bigint DEFAULT 0,
    total_cost_millicents bigint DEFAULT 0,
    report_count integer DEFAULT 0,
    model_breakdown jsonb DEFAULT '{}',
    avg_cost_per_story_millicents bigint,
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    stale boolean NOT NULL DEFAULT false,
    CONSTRAINT cost_summaries_scope_type_check CHECK (
        scope_type IN ('agent', 'epic', 'project', 'story')
    )
);

CREATE UNIQUE INDEX cost_summaries_tenant_scope_period_idx
    ON cost_summaries (tenant_id, scope_type, scope_id, period_start);
CREATE INDEX cost_summaries_tenant_id_index ON cost_summaries (tenant_id);
CREATE INDEX cost_summaries_tenant_id_scope_type_index ON cost_summaries (tenant_id, scope_type);

ALTER TABLE cost_summaries ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON cost_summaries USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON cost_summaries TO loopctl_app;
GRANT ALL ON cost_summaries TO loopctl_admin;
