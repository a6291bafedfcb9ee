-- Keys of the API, as SHA-256. A superadmin's key belongs to no tenant.
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    tenant_id uuid
        CONSTRAINT api_keys_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    key_hash varchar(255) NOT NULL,
    key_prefix varchar(255) NOT NULL,
    role varchar(255) NOT NULL,
    agent_id uuid
        CONSTRAINT api_keys_agent_id_fkey REFERENCES agents(id) ON DELETE RESTRICT,
    last_used_at timestamp,
    expires_at timestamp,
    revoked_at timestamp,
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    sth_bootstrap_consumed_at timestamp,
    CONSTRAINT api_keys_superadmin_iff_null_tenant CHECK (
        (role = 'superadmin') = (tenant_id IS NULL)
    )
);

CREATE UNIQUE INDEX api_keys_key_hash_index ON api_keys (key_hash);
CREATE INDEX api_keys_tenant_id_index ON api_keys (tenant_id);
CREATE INDEX api_keys_role_index ON api_keys (role);
CREATE UNIQUE INDEX api_keys_one_role_per_agent_idx
    ON api_keys (tenant_id, agent_id, role)
    WHERE revoked_at IS NULL AND role NOT IN ('user', 'superadmin');

CREATE TRIGGER api_key_role_immutable_trigger BEFORE UPDATE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION api_key_role_immutable();

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON api_keys
    USING (tenant_id = current_tenant_id() OR tenant_id IS NULL);

GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO loopctl_app;
GRANT ALL ON api_keys TO loopctl_admin;
