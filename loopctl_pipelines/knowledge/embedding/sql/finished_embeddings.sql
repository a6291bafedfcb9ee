SELECT
    run_id,
    tenant_id
FROM loopctl_pipelines.finished_embeddings
WHERE run_id = ANY(%(run_ids)s::text[])
