UPDATE articles
SET embedding = %(vector)s::vector,
    embedding_content_hash = %(hash)s
WHERE tenant_id = %(tenant_id)s
  AND id = %(article_id)s
