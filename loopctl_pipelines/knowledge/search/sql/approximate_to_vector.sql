-- The nearest of a pool that the vector index gives in almost the right order; none if the pool could not be
-- filled. The 0 that is added makes the planner sort: it takes the index's order for the right one.
SELECT
    filled.id,
    1 - filled.distance AS similarity
FROM (
    SELECT
        pool.id,
        pool.distance,
        count(*) OVER () AS articles
    FROM (
        SELECT
            article.id,
            article.embedding <=> %(vector)b::vector AS distance
        FROM articles AS article
        INNER JOIN loopctl_pipelines.embedding_states AS state
            ON state.tenant_id = article.tenant_id
            AND state.article_id = article.id
        WHERE article.tenant_id = %(tenant_id)s
          AND article.status = 'published'
          AND article.embedding IS NOT NULL
          AND state.failure IS NULL
          AND state.model = %(model)s
          AND state.dimension = %(dimension)s
          AND (
              %(project_id)s::uuid IS NULL
              OR article.project_id IS NULL
              OR article.project_id = %(project_id)s
          )
          AND (
              %(sees_all)s
              OR COALESCE(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
              OR article.metadata ->> 'agent_id' = %(agent_id)s
          )
        ORDER BY article.embedding <=> %(vector)b::vector
        LIMIT %(pool)s
    ) AS pool
    ORDER BY
        pool.distance + 0,
        pool.id
    LIMIT %(limit)s
) AS filled
WHERE filled.articles >= %(pool)s
