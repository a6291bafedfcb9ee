-- Active tenants with pending articles: how many, when the one that has waited longest was last changed,
-- and how many lack a key. Those wait for a person, not for a run. No body is read.
SELECT
    pending.tenant_id,
    count(*) AS items,
    min(article.updated_at) FILTER (WHERE settings.embedding_api_key IS NOT NULL)
    AT TIME ZONE 'UTC' AS oldest,
    count(*) FILTER (WHERE settings.embedding_api_key IS NULL) AS without_key
FROM loopctl_pipelines.pending_articles AS pending
INNER JOIN articles AS article
    ON article.tenant_id = pending.tenant_id
    AND article.id = pending.id
INNER JOIN tenants
    ON tenants.id = pending.tenant_id
    AND tenants.status = 'active'
LEFT JOIN tenant_llm_settings AS settings
    ON settings.tenant_id = pending.tenant_id
GROUP BY pending.tenant_id
