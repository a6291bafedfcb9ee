-- Every article of the tenant whose vector is of this space, without the vectors.
SELECT
    id,
    project_id,
    content_hash,
    model,
    dimension
FROM loopctl_pipelines.comparable_articles
WHERE tenant_id = %(tenant_id)s
  AND model = %(model)s
  AND dimension = %(dimension)s
ORDER BY id
