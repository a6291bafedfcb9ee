INSERT INTO loopctl_pipelines.finished_embeddings (tenant_id, run_id)
SELECT
    tenant_id,
    %(run_id)s
FROM unnest(%(tenant_ids)s::uuid[]) AS finished (tenant_id)
-- always in this order, so that two runs cannot deadlock
ORDER BY tenant_id
ON CONFLICT (tenant_id, run_id) DO NOTHING
