-- One tenant, the UTC days [first, end): the stored baselines, one row per day, with the usual costs of
-- the projects.
SELECT
    baseline.day,
    baseline.stories,
    baseline.usual,
    baseline.high_factor,
    baseline.high_source,
    baseline.low_factor,
    baseline.low_source,
    baseline.reports_free_stories,
    COALESCE(
        array_agg(project.project_id) FILTER (WHERE project.usual IS NOT NULL), '{}'
    ) AS project_ids,
    COALESCE(
        array_agg(project.usual) FILTER (WHERE project.usual IS NOT NULL), '{}'
    ) AS project_usuals
FROM loopctl_pipelines.cost_baselines AS baseline
LEFT JOIN loopctl_pipelines.project_baselines AS project
    ON project.tenant_id = %(tenant_id)s
    AND project.day = baseline.day
WHERE baseline.tenant_id = %(tenant_id)s
  AND baseline.day >= %(first)s
  AND baseline.day < %(end)s
  AND baseline.days = %(days)s
GROUP BY baseline.tenant_id, baseline.day
