-- Removes what is stored about tenants that no longer exist, unless a run still works on them. Every tenant
-- that ever had a run has a row in tenant_operations, so the longer tables are not searched.
WITH gone AS (
    DELETE FROM loopctl_pipelines.tenant_operations AS run
    WHERE run.operation = 'extraction'
        AND NOT EXISTS (
            SELECT FROM tenants
            WHERE tenants.id = run.tenant_id
        )
        AND (run.held_until IS NULL OR run.held_until <= now())
    RETURNING run.tenant_id
),

documents AS (
    DELETE FROM loopctl_pipelines.ingestion_requests AS request
    USING gone
    WHERE request.tenant_id = gone.tenant_id
),

reviews AS (
    DELETE FROM loopctl_pipelines.extracted_reviews AS mark
    USING gone
    WHERE mark.tenant_id = gone.tenant_id
)

DELETE FROM loopctl_pipelines.extractions AS extraction
USING gone
WHERE extraction.tenant_id = gone.tenant_id
