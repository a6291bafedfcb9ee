-- Finished reviews of stories; the summary is the only text.
CREATE TABLE review_records (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT review_records_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    story_id uuid NOT NULL
        CONSTRAINT review_records_story_id_fkey REFERENCES stories(id) ON DELETE CASCADE,
    reviewer_agent_id uuid
        CONSTRAINT review_records_reviewer_agent_id_fkey REFERENCES agents(id) ON DELETE SET NULL,
    review_type varchar(255) NOT NULL,
    findings_count integer NOT NULL DEFAULT 0,
    fixes_count integer NOT NULL DEFAULT 0,
    summary text,
    completed_at timestamp NOT NULL,
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    disproved_count integer NOT NULL DEFAULT 0,
    reviewed_report_at timestamp
);

CREATE INDEX review_records_tenant_id_index ON review_records (tenant_id);
CREATE INDEX review_records_tenant_id_story_id_index ON review_records (tenant_id, story_id);

ALTER TABLE review_records ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON review_records USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON review_records TO loopctl_app;
GRANT ALL ON review_records TO loopctl_admin;
