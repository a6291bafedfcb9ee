WITH projects AS (
    DELETE FROM loopctl_pipelines.project_baselines
    WHERE tenant_id = %(tenant_id)s
)

DELETE FROM loopctl_pipelines.cost_baselines
WHERE tenant_id = %(tenant_id)s
