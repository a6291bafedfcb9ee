-- Stories of an epic. The foreign keys to dispatches follow in stories_to_dispatches.sql: each of
-- the two tables refers to the other.
CREATE TABLE stories (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT stories_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    project_id uuid NOT NULL
        CONSTRAINT stories_project_id_fkey REFERENCES projects(id) ON DELETE CASCADE,
    epic_id uuid NOT NULL
        CONSTRAINT stories_epic_id_fkey REFERENCES epics(id) ON DELETE CASCADE,
    number varchar(255) NOT NULL,
    title varchar(255) NOT NULL,
    description text,
    acceptance_criteria jsonb,
    estimated_hours numeric,
    agent_status varchar(255) NOT NULL DEFAULT 'pending',
    verified_status varchar(255) NOT NULL DEFAULT 'unverified',
    assigned_agent_id uuid
        CONSTRAINT stories_assigned_agent_id_fkey REFERENCES agents(id) ON DELETE SET NULL,
    assigned_at timestamp,
    reported_done_at timestamp,
    verified_at timestamp,
    rejected_at timestamp,
    rejection_reason text,
    sort_key integer NOT NULL DEFAULT 0,
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    reported_by_agent_id uuid
        CONSTRAINT stories_reported_by_agent_id_fkey REFERENCES agents(id) ON DELETE SET NULL,
    implementer_dispatch_id uuid,
    verifier_dispatch_id uuid,
    verifier_needed boolean DEFAULT false,
    CONSTRAINT stories_agent_status_check CHECK (
        agent_status IN ('pending', 'contracted', 'assigned', 'implementing', 'reported_done')
    ),
    CONSTRAINT stories_verified_status_check CHECK (
        verified_status IN ('unverified', 'verified', 'rejected')
    ),
    CONSTRAINT stories_reported_done_requires_agent CHECK (
        agent_status <> 'reported_done'
        OR implementer_dispatch_id IS NULL
        OR assigned_agent_id IS NOT NULL
    )
);

CREATE UNIQUE INDEX stories_tenant_id_project_id_number_index
    ON stories (tenant_id, project_id, number);
CREATE INDEX stories_tenant_id_index ON stories (tenant_id);
CREATE INDEX stories_project_id_index ON stories (project_id);
CREATE INDEX stories_epic_id_index ON stories (epic_id);
CREATE INDEX stories_tenant_id_agent_status_index ON stories (tenant_id, agent_status);
CREATE INDEX stories_tenant_id_verified_status_index ON stories (tenant_id, verified_status);
CREATE INDEX stories_assigned_agent_id_index ON stories (assigned_agent_id);
CREATE INDEX stories_reported_by_agent_id_index ON stories (reported_by_agent_id);
CREATE INDEX stories_implementer_dispatch_id_index ON stories (implementer_dispatch_id);
CREATE INDEX stories_verifier_dispatch_id_index ON stories (verifier_dispatch_id);

ALTER TABLE stories ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON stories USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON stories TO loopctl_app;
GRANT ALL ON stories TO loopctl_admin;
