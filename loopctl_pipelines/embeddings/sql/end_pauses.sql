-- The provider has accepted a request: the next pause is the first of its row.
UPDATE loopctl_pipelines.embedding_tenants
SET consecutive_pauses = 0
WHERE tenant_id = %(tenant_id)s
