INSERT INTO agents (id, tenant_id, name, agent_type, inserted_at, updated_at)
SELECT
    id,
    tenant_id,
    name,
    agent_type,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS agent (
    id uuid,
    tenant_id uuid,
    name text,
    agent_type text,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
