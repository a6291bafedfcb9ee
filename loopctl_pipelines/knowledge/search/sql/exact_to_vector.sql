-- The similarity in the order keeps the planner from the vector index: every vector is compared.
SELECT
    article.id,
    1 - (article.embedding <=> %(vector)b::vector) AS similarity
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
ORDER BY similarity DESC
LIMIT %(limit)s
