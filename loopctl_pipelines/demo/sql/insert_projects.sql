INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)
SELECT
    id,
    tenant_id,
    name,
    slug,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS project (
    id uuid,
    tenant_id uuid,
    name text,
    slug text,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
