INSERT INTO agents (id, tenant_id, name, agent_type, inserted_at, updated_at)
SELECT
    md5('agent ' || rank || ' ' || number)::uuid,
    tenant_id,
    'agent-' || number,
    'implementer',
    %(day)s,
    %(day)s
FROM tenant_sizes
CROSS JOIN generate_series(0, agents - 1) AS number
