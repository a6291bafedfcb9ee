INSERT INTO stories (
    id, tenant_id, project_id, epic_id, number, title,
    agent_status, assigned_agent_id, assigned_at, sort_key, inserted_at, updated_at
)
SELECT
    id,
    tenant_id,
    project_id,
    epic_id,
    number,
    title,
    'implementing',
    assigned_agent_id,
    inserted_at,
    sort_key,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS story (
    id uuid,
    tenant_id uuid,
    project_id uuid,
    epic_id uuid,
    number text,
    title text,
    assigned_agent_id uuid,
    sort_key integer,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
