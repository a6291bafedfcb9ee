INSERT INTO agents (id, tenant_id, name, agent_type, inserted_at, updated_at)
SELECT DISTINCT
    agent_id,
    %(tenant_id)s::uuid,
    agent_name,
    'implementer',
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM incoming_usage
ON CONFLICT (tenant_id, name) DO NOTHING
