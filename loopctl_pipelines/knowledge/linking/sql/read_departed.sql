-- The articles that were linked and have to lose their links: unpublished, deleted, or without a vector.
SELECT linked.article_id
FROM loopctl_pipelines.linked_articles AS linked
LEFT JOIN articles AS article
    ON article.tenant_id = linked.tenant_id
    AND article.id = linked.article_id
    AND article.status = 'published'
    AND article.embedding IS NOT NULL
WHERE linked.tenant_id = %(tenant_id)s
  AND article.id IS NULL
ORDER BY linked.article_id
