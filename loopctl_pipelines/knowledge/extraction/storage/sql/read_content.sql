SELECT
    content,
    text_hash
FROM loopctl_pipelines.ingestion_requests
WHERE tenant_id = %(tenant_id)s
  AND id = %(id)s
  AND state = 'pending'
