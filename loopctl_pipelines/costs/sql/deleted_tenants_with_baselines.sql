SELECT DISTINCT baseline.tenant_id
FROM loopctl_pipelines.cost_baselines AS baseline
WHERE NOT EXISTS (
    SELECT FROM tenants
    WHERE tenants.id = baseline.tenant_id
)
