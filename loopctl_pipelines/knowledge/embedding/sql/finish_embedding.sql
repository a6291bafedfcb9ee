INSERT INTO loopctl_pipelines.finished_embeddings (tenant_id, run_id)
SELECT
    tenant_id,
    %(run_id)s
FROM unnest(%(tenant_ids)s::uuid[]) AS done (tenant_id)
-- in one order everywhere, so that two runs never wait for each other
ORDER BY tenant_id
ON CONFLICT (tenant_id, run_id) DO NOTHING
