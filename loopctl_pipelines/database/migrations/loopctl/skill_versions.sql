-- Versions of a skill; never changed once written.
CREATE TABLE skill_versions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT skill_versions_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    skill_id uuid NOT NULL
        CONSTRAINT skill_versions_skill_id_fkey REFERENCES skills(id) ON DELETE CASCADE,
    version integer NOT NULL,
    prompt_text text NOT NULL,
    changelog text,
    created_by varchar(255),
    metadata jsonb DEFAULT '{}',
    inserted_at timestamp NOT NULL
);

CREATE INDEX skill_versions_tenant_id_index ON skill_versions (tenant_id);
CREATE INDEX skill_versions_skill_id_index ON skill_versions (skill_id);
CREATE UNIQUE INDEX skill_versions_skill_id_version_index ON skill_versions (skill_id, version);

ALTER TABLE skill_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON skill_versions USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON skill_versions TO loopctl_app;
GRANT ALL ON skill_versions TO loopctl_admin;
