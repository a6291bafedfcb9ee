-- What waits or was set aside is pending again, whatever was refused.
DELETE FROM loopctl_pipelines.embedding_states
WHERE tenant_id = %(tenant_id)s
  AND failure IS NOT NULL
