-- The tenant's published articles by the space of their vector; without model: they have none to compare.
SELECT
    state.model,
    state.dimension,
    count(*) AS articles
FROM articles AS article
LEFT JOIN loopctl_pipelines.embedding_states AS state
    ON state.tenant_id = article.tenant_id
    AND state.article_id = article.id
    AND state.failure IS NULL
    AND article.embedding IS NOT NULL
WHERE article.tenant_id = %(tenant_id)s
  AND article.status = 'published'
GROUP BY state.model, state.dimension
