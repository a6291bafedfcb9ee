-- The nearest articles of each of these articles, from a pool that the vector index gives in almost the
-- right order. The 0 that is added makes the planner sort: it takes the index's order for the right one.
SELECT
    article.id,
    nearest.id AS neighbour_id,
    1 - nearest.distance AS similarity,
    nearest.pool_articles
FROM loopctl_pipelines.comparable_articles AS article
CROSS JOIN LATERAL (
    SELECT
        pool.id,
        pool.distance,
        count(*) OVER () AS pool_articles
    FROM (
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
        LIMIT %(pool)s
    ) AS pool
    ORDER BY
        pool.distance + 0,
        pool.id
    LIMIT %(limit)s
) AS nearest
WHERE article.tenant_id = %(tenant_id)s
  AND article.model = %(model)s
  AND article.dimension = %(dimension)s
  AND article.id = ANY(%(article_ids)s::uuid[])
