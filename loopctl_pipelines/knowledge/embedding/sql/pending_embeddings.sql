-- Active tenants with pending articles, until when some of them are paused, and which of them a run is
-- working on: ids, counts and times only. No body is read.
SELECT
    pending.tenant_id,
    pending.items,
    CASE
        WHEN run.paused_key IS NOT DISTINCT FROM sha256(settings.embedding_api_key)
            AND run.paused_until > now()
            THEN run.paused_until
    END AS paused_until,
    coalesce(run.held_until > clock_timestamp(), false) AS is_held
FROM (
    SELECT
        tenant_id,
        count(*) AS items
    FROM loopctl_pipelines.pending_articles
    GROUP BY tenant_id
) AS pending
INNER JOIN tenants
    ON tenants.id = pending.tenant_id
    AND tenants.status = 'active'
LEFT JOIN tenant_llm_settings AS settings
    ON settings.tenant_id = pending.tenant_id
LEFT JOIN loopctl_pipelines.tenant_operations AS run
    ON run.tenant_id = pending.tenant_id
    AND run.operation = 'embedding'
