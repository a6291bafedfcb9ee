SELECT operation
FROM loopctl_pipelines.tenant_operations
WHERE tenant_id = %(tenant_id)s
  AND held_until > now()
