-- Active tenants with documents that were handed in and are not done, those that wait for another attempt
-- included: how many, and when the oldest was handed in.
SELECT
    request.tenant_id,
    count(*) AS items,
    min(request.inserted_at) AS oldest
FROM loopctl_pipelines.ingestion_requests AS request
INNER JOIN tenants
    ON tenants.id = request.tenant_id
    AND tenants.status = 'active'
WHERE request.state = 'pending'
GROUP BY request.tenant_id
