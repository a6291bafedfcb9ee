SELECT
    tenant_id,
    id,
    content,
    content_hash
FROM loopctl_pipelines.ingestion_requests
WHERE state = 'pending'
ORDER BY inserted_at
