INSERT INTO articles (
    id, tenant_id, title, body, category, status, slug, inserted_at, updated_at
)
SELECT
    id,
    tenant_id,
    title,
    body,
    'pattern',
    'published',
    slug,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS article (
    id uuid,
    tenant_id uuid,
    title text,
    body text,
    slug text,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
