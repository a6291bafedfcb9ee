-- A run that is resumed works on its tenants again, so it has finished none of them.
DELETE FROM loopctl_pipelines.finished_embeddings
WHERE run_id = %(run_id)s
