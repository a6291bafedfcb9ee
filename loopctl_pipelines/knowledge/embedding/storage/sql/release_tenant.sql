UPDATE loopctl_pipelines.embedding_tenants
SET holder = NULL,
    held_until = NULL
WHERE tenant_id = %(tenant_id)s
  AND holder = %(holder)s
