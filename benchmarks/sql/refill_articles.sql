INSERT INTO articles (
    id, tenant_id, title, body, category, status, slug, inserted_at, updated_at
)
SELECT
    id,
    tenant_id,
    title,
    body,
    category,
    status,
    slug,
    inserted_at,
    updated_at
FROM kept_articles
