-- Inserts articles; one whose title, slug or key is taken is left out, and the others land. Their values
-- come as JSON, because tags are a list in each.
INSERT INTO articles (
    id, tenant_id, project_id, title, body, category, status, tags, source_type, source_id,
    idempotency_key, slug, metadata, inserted_at, updated_at
)
SELECT
    article.id,
    %(tenant_id)s,
    %(project_id)s,
    article.title,
    article.body,
    article.category,
    %(status)s,
    article.tags,
    %(source_type)s,
    %(source_id)s,
    article.idempotency_key,
    article.slug,
    %(metadata)s,
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM jsonb_to_recordset(%(articles)s) AS article (
    id uuid,
    title text,
    body text,
    category text,
    tags text[],
    idempotency_key text,
    slug text
)
-- a taken title makes a transaction wait for the other one: in this order they cannot wait in a circle
ORDER BY article.title, article.idempotency_key
ON CONFLICT DO NOTHING
RETURNING id, idempotency_key
