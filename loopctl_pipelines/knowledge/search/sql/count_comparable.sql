SELECT count(*)
FROM loopctl_pipelines.comparable_articles
WHERE tenant_id = %(tenant_id)s
  AND model = %(model)s
  AND dimension = %(dimension)s
