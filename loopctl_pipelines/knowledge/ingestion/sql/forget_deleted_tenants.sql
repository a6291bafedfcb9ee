-- Only requests that wait: a run has completed the others, and they are removed with what it recorded. So
-- the many completed ones are not read.
DELETE FROM loopctl_pipelines.ingestion_requests AS request
WHERE request.state = 'pending'
    AND NOT EXISTS (
        SELECT FROM tenants
        WHERE tenants.id = request.tenant_id
    )
