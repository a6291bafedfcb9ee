-- The published articles of one tenant's documents: how many others each is linked to, and the nearest.
-- A pair that is very much alike has a link of each type; the graver one is shown.
SELECT
    article.title,
    article.category,
    count(DISTINCT other.id) AS links,
    (array_agg(other.title ORDER BY score DESC, other.title))[1] AS nearest,
    (
        array_agg(link.relationship_type ORDER BY score DESC, other.title, link.relationship_type)
    )[1] AS relationship,
    max(score) AS similarity
FROM articles AS article
LEFT JOIN article_links AS link
    ON link.tenant_id = article.tenant_id
    AND article.id IN (link.source_article_id, link.target_article_id)
LEFT JOIN articles AS other
    ON other.tenant_id = link.tenant_id
    AND other.id IN (link.source_article_id, link.target_article_id)
    AND other.id <> article.id
CROSS JOIN LATERAL (SELECT (link.metadata ->> 'similarity_score')::float8) AS similarity (score)
WHERE article.tenant_id = %(tenant_id)s
  AND article.source_type = 'ingestion'
  AND article.status = 'published'
GROUP BY article.id, article.title, article.category
ORDER BY max(score) DESC NULLS LAST, article.title
