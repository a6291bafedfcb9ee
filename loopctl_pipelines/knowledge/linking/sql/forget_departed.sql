DELETE FROM loopctl_pipelines.linked_articles
WHERE tenant_id = %(tenant_id)s
  AND article_id = ANY(%(article_ids)s::uuid[])
