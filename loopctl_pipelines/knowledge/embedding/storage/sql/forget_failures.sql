-- Articles that wait, or were set aside, are pending again, whatever the reason was.
DELETE FROM loopctl_pipelines.embedding_states
WHERE tenant_id = %(tenant_id)s
  AND failure IS NOT NULL
