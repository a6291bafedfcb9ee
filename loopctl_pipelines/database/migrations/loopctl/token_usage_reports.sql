-- What an agent reports per call: tokens and cost in millicents. Corrections may be negative.
CREATE TABLE token_usage_reports (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT token_usage_reports_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    story_id uuid NOT NULL
        CONSTRAINT token_usage_reports_story_id_fkey REFERENCES stories(id) ON DELETE CASCADE,
    agent_id uuid NOT NULL
        CONSTRAINT token_usage_reports_agent_id_fkey REFERENCES agents(id) ON DELETE CASCADE,
    project_id uuid NOT NULL
        CONSTRAINT token_usage_reports_project_id_fkey REFERENCES projects(id) ON DELETE CASCADE,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    model_name varchar(255) NOT NULL,
    cost_millicents bigint NOT NULL,
    phase varchar(255) NOT NULL DEFAULT 'other',
    session_id varchar(255),
    skill_version_id uuid
        CONSTRAINT token_usage_reports_skill_version_id_fkey
        REFERENCES skill_versions(id) ON DELETE SET NULL,
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    total_tokens bigint GENERATED ALWAYS AS (input_tokens + output_tokens) STORED,
    deleted_at timestamp,
    corrects_report_id uuid
        CONSTRAINT token_usage_reports_corrects_report_id_fkey REFERENCES token_usage_reports(id),
    tool_call_count integer,
    cot_length_tokens integer,
    tests_run_count integer,
    CONSTRAINT token_usage_reports_phase_check CHECK (
        phase IN ('planning', 'implementing', 'reviewing', 'other')
    )
);

CREATE INDEX token_usage_reports_tenant_id_story_id_index
    ON token_usage_reports (tenant_id, story_id);
CREATE INDEX token_usage_reports_tenant_id_agent_id_index
    ON token_usage_reports (tenant_id, agent_id);
CREATE INDEX token_usage_reports_tenant_id_project_id_index
    ON token_usage_reports (tenant_id, project_id);
CREATE INDEX token_usage_reports_tenant_id_inserted_at_index
    ON token_usage_reports (tenant_id, inserted_at);
CREATE INDEX token_usage_reports_skill_version_id_index
    ON token_usage_reports (skill_version_id) WHERE skill_version_id IS NOT NULL;
CREATE INDEX token_usage_reports_active_idx
    ON token_usage_reports (tenant_id, story_id) WHERE deleted_at IS NULL;
CREATE INDEX token_usage_reports_deleted_at_idx
    ON token_usage_reports (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX token_usage_reports_corrects_report_id_idx
    ON token_usage_reports (corrects_report_id) WHERE corrects_report_id IS NOT NULL;

ALTER TABLE token_usage_reports ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON token_usage_reports USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON token_usage_reports TO loopctl_app;
GRANT ALL ON token_usage_reports TO loopctl_admin;
