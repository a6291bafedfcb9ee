DELETE FROM loopctl_pipelines.ingestion_requests AS request
WHERE NOT EXISTS (
        SELECT FROM tenants
        WHERE tenants.id = request.tenant_id
    )
