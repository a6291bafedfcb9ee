-- How many articles of this space each project has; without a project, those of the whole tenant.
SELECT
    project_id,
    count(*)
FROM loopctl_pipelines.comparable_articles
WHERE tenant_id = %(tenant_id)s
  AND model = %(model)s
  AND dimension = %(dimension)s
GROUP BY project_id
