INSERT INTO loopctl_pipelines.finished_tenants (tenant_id, operation, run_id)
SELECT
    tenant_id,
    %(operation)s,
    %(run_id)s
FROM unnest(%(tenant_ids)s::uuid[]) AS finished (tenant_id)
-- always in this order, so that two runs cannot deadlock
ORDER BY tenant_id
ON CONFLICT (tenant_id, operation, run_id) DO NOTHING
