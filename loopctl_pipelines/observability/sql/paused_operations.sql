-- Active tenants whose embedding or extraction is paused.
SELECT
    paused.tenant_id,
    paused.operation
FROM loopctl_pipelines.tenant_operations AS paused
INNER JOIN tenants
    ON tenants.id = paused.tenant_id
    AND tenants.status = 'active'
WHERE paused.paused_until > now()
