SELECT
    id,
    1 - distance AS similarity
FROM (
    SELECT
        id,
        embedding <=> (SELECT embedding FROM articles WHERE id = %(article_id)s) AS distance
    FROM articles
    WHERE tenant_id = %(tenant_id)s
      AND status = 'published'
      AND embedding IS NOT NULL
      AND id <> %(article_id)s
    ORDER BY embedding <=> (SELECT embedding FROM articles WHERE id = %(article_id)s)
    LIMIT %(limit)s
) AS nearest
WHERE 1 - distance >= %(least)s
