-- Stories whose cost is far from that of their epic.
CREATE TABLE cost_anomalies (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT cost_anomalies_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    story_id uuid NOT NULL
        CONSTRAINT cost_anomalies_story_id_fkey REFERENCES stories(id) ON DELETE CASCADE,
    anomaly_type varchar(255) NOT NULL,
    story_cost_millicents bigint NOT NULL,
    reference_avg_millicents bigint NOT NULL,
    deviation_factor numeric NOT NULL,
    resolved boolean NOT NULL DEFAULT false,
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    CONSTRAINT cost_anomalies_anomaly_type_check CHECK (
        anomaly_type IN ('high_cost', 'suspiciously_low', 'budget_exceeded')
    )
);

CREATE INDEX cost_anomalies_tenant_id_index ON cost_anomalies (tenant_id);
CREATE INDEX cost_anomalies_tenant_id_resolved_index ON cost_anomalies (tenant_id, resolved);
CREATE INDEX cost_anomalies_tenant_id_anomaly_type_index
    ON cost_anomalies (tenant_id, anomaly_type);
CREATE INDEX cost_anomalies_story_id_index ON cost_anomalies (story_id);
CREATE INDEX cost_anomalies_tenant_id_archived_index ON cost_anomalies (tenant_id, archived);
CREATE UNIQUE INDEX cost_anomalies_unresolved_unique
    ON cost_anomalies (tenant_id, story_id, anomaly_type) WHERE resolved = false;

ALTER TABLE cost_anomalies ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON cost_anomalies USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON cost_anomalies TO loopctl_app;
GRANT ALL ON cost_anomalies TO loopctl_admin;
