SELECT
    json_build_object(
        'id', article.id,
        'tenant_id', article.tenant_id,
        'project_id', article.project_id,
        'title', article.title,
        'body', article.body,
        'category', article.category,
        'status', article.status,
        'tags', article.tags,
        'source_type', article.source_type,
        'source_id', article.source_id,
        'idempotency_key', article.idempotency_key,
        'metadata', article.metadata,
        'inserted_at', to_char(article.inserted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'updated_at', to_char(article.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    )::text AS item,
    to_char(article.updated_at, 'YYYYMMDDHH24MISSUS') AS version
FROM articles AS article
WHERE article.tenant_id = %(tenant_id)s
  AND article.id = %(article_id)s
  AND (
      %(sees_all)s
      OR COALESCE(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
      OR article.metadata ->> 'agent_id' = %(agent_id)s
  )
