-- Active tenants with documents that were handed in and are not done, those that wait for another attempt
-- included: how many, and when the oldest was handed in; not of a tenant without a key.
SELECT
    request.tenant_id,
    count(*) AS items,
    min(request.inserted_at) FILTER (WHERE settings.api_key IS NOT NULL) AS oldest
FROM loopctl_pipelines.ingestion_requests AS request
INNER JOIN tenants
    ON tenants.id = request.tenant_id
    AND tenants.status = 'active'
LEFT JOIN tenant_llm_settings AS settings
    ON settings.tenant_id = request.tenant_id
WHERE request.state = 'pending'
GROUP BY request.tenant_id
