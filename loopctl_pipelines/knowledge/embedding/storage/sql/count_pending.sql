SELECT count(*)
FROM loopctl_pipelines.pending_articles
WHERE tenant_id = %(tenant_id)s
