SELECT
    title,
    body,
    status,
    embedding IS NOT NULL AS has_vector,
    embedding_content_hash
FROM articles
WHERE tenant_id = %(tenant_id)s
  AND id = %(article_id)s
