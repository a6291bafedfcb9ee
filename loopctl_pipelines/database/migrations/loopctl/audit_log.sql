-- Append-only log, partitioned by month. audit_log_partitions.sql makes its partitions.
CREATE TABLE audit_log (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    tenant_id uuid,
    project_id uuid,
    entity_type varchar(255) NOT NULL,
    entity_id uuid NOT NULL,
    action varchar(255) NOT NULL,
    actor_type varchar(255) NOT NULL,
    actor_id uuid,
    actor_label varchar(255),
    old_state jsonb,
    new_state jsonb,
    metadata jsonb DEFAULT '{}'::jsonb,
    inserted_at timestamp(6) without time zone NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
    PRIMARY KEY (id, inserted_at)
) PARTITION BY RANGE (inserted_at);

CREATE INDEX audit_log_tenant_entity_idx ON audit_log (tenant_id, entity_type, entity_id);
CREATE INDEX audit_log_tenant_inserted_at_idx ON audit_log (tenant_id, inserted_at);
CREATE INDEX audit_log_project_id_idx ON audit_log (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX audit_log_metadata_story_id_idx
    ON audit_log ((metadata->>'story_id')) WHERE metadata->>'story_id' IS NOT NULL;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_prevent_update();
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_prevent_delete();

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
-- loopctl's own policy admits entries without a tenant, which every tenant then reads.
CREATE POLICY audit_log_insert ON audit_log
    FOR INSERT WITH CHECK (tenant_id = current_tenant_id());
CREATE POLICY audit_log_select ON audit_log
    FOR SELECT USING (tenant_id = current_tenant_id() OR tenant_id IS NULL);

GRANT SELECT, INSERT ON audit_log TO loopctl_app;
GRANT ALL ON audit_log TO loopctl_admin;
