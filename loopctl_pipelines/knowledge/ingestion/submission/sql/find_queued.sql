SELECT
    request.id,
    request.inserted_at
FROM loopctl_pipelines.ingestion_requests AS request
WHERE request.tenant_id = %(tenant_id)s
    AND request.content_hash = %(content_hash)s
    AND request.project_id IS NOT DISTINCT FROM %(project_id)s::uuid
    AND request.source_type = %(source_type)s
    AND request.publish = %(publish)s
    AND request.state = 'pending'
