-- A run that is resumed works on its tenants once more: it is done with none of them.
DELETE FROM loopctl_pipelines.finished_embeddings
WHERE run_id = %(run_id)s
