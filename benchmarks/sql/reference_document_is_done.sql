UPDATE loopctl_pipelines.ingestion_requests
SET
    state = 'done',
    completed_at = now()
WHERE tenant_id = %(tenant_id)s
  AND id = %(id)s
