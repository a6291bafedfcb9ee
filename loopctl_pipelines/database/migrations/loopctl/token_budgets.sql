-- Spending limits of projects, epics and stories.
CREATE TABLE token_budgets (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT token_budgets_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    scope_type varchar(255) NOT NULL,
    scope_id uuid NOT NULL,
    budget_millicents bigint NOT NULL,
    budget_input_tokens bigint,
    budget_output_tokens bigint,
    alert_threshold_pct integer NOT NULL DEFAULT 80,
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    warning_fired boolean NOT NULL DEFAULT false,
    exceeded_fired boolean NOT NULL DEFAULT false,
    CONSTRAINT token_budgets_scope_type_check CHECK (scope_type IN ('project', 'epic', 'story'))
);

CREATE UNIQUE INDEX token_budgets_tenant_id_scope_type_scope_id_index
    ON token_budgets (tenant_id, scope_type, scope_id);
CREATE INDEX token_budgets_tenant_id_index ON token_budgets (tenant_id);
CREATE INDEX token_budgets_tenant_id_scope_type_index ON token_budgets (tenant_id, scope_type);

ALTER TABLE token_budgets ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON token_budgets USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON token_budgets TO loopctl_app;
GRANT ALL ON token_budgets TO loopctl_admin;
