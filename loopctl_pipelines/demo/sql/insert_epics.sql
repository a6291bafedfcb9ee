INSERT INTO epics (id, tenant_id, project_id, number, title, position, inserted_at, updated_at)
SELECT
    id,
    tenant_id,
    project_id,
    number,
    title,
    number,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS epic (
    id uuid,
    tenant_id uuid,
    project_id uuid,
    number integer,
    title text,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
