-- The articles that are not linked by their present vector and project; all of them, or of some ids.
SELECT
    article.id,
    article.project_id,
    article.content_hash,
    article.model,
    article.dimension
FROM loopctl_pipelines.comparable_articles AS article
LEFT JOIN loopctl_pipelines.linked_articles AS linked
    ON linked.tenant_id = article.tenant_id
    AND linked.article_id = article.id
WHERE article.tenant_id = %(tenant_id)s
  AND (%(article_ids)s::uuid[] IS NULL OR article.id = ANY(%(article_ids)s::uuid[]))
  AND (
      linked.article_id IS NULL
      OR linked.content_hash <> article.content_hash
      OR linked.model <> article.model
      OR linked.dimension <> article.dimension
      OR linked.project_id IS DISTINCT FROM article.project_id
  )
ORDER BY article.id
