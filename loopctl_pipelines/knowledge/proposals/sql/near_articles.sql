SELECT
    article.id,
    article.project_id,
    article.title,
    near.similarity
FROM unnest(%(article_ids)s::uuid[], %(similarities)s::float8[]) AS near (article_id, similarity)
INNER JOIN articles AS article
    ON article.tenant_id = %(tenant_id)s
    AND article.id = near.article_id
ORDER BY near.similarity DESC, article.id
