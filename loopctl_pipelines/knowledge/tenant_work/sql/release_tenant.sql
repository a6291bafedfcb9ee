UPDATE loopctl_pipelines.tenant_operations
SET holder = NULL,
    held_until = NULL
WHERE tenant_id = %(tenant_id)s
  AND operation = %(operation)s
  AND holder = %(holder)s
