-- The nearest articles of each of these articles, from the vector index.
SELECT
    article.id,
    nearest.id AS neighbour_id,
    1 - nearest.distance AS similarity
FROM loopctl_pipelines.comparable_articles AS article
CROSS JOIN LATERAL (
    SELECT
        other.id,
        other.embedding <=> article.embedding AS distance
    FROM loopctl_pipelines.comparable_articles AS other
    WHERE other.tenant_id = %(tenant_id)s
      AND other.model = %(model)s
      AND other.dimension = %(dimension)s
      AND other.id <> article.id
      AND (
          article.project_id IS NULL
          OR other.project_id IS NULL
          OR other.project_id = article.project_id
      )
    ORDER BY other.embedding <=> article.embedding
    LIMIT %(limit)s
) AS nearest
WHERE article.tenant_id = %(tenant_id)s
  AND article.model = %(model)s
  AND article.dimension = %(dimension)s
  AND article.id = ANY(%(article_ids)s::uuid[])
