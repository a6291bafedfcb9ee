DELETE FROM loopctl_pipelines.embedding_breakers
WHERE tenant_id = %(tenant_id)s
