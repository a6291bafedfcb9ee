DELETE FROM loopctl_pipelines.finished_embeddings
WHERE run_id <> ALL(%(run_ids)s::text[])
