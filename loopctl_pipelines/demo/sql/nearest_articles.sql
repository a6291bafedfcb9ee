-- The articles of one tenant that are nearest to one of them, by cosine similarity.
SELECT
    other.title,
    1 - (other.embedding <=> article.embedding) AS similarity
FROM articles AS article
INNER JOIN articles AS other
    ON other.tenant_id = article.tenant_id
    AND other.id <> article.id
    AND other.embedding IS NOT NULL
WHERE article.tenant_id = %(tenant_id)s
  AND article.id = %(article_id)s
ORDER BY other.embedding <=> article.embedding, other.title
LIMIT 3
