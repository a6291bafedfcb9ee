-- One tenant's published articles, counted by the state of their embedding.
SELECT
    count(*) AS published,
    count(article.embedding) AS embedded,
    count(*) FILTER (WHERE state.next_attempt_at IS NOT NULL) AS waiting,
    count(*) FILTER (WHERE set_aside AND state.content_hash IS NOT NULL) AS set_aside,
    -- set aside unread: the key or the model was rejected, not a text; a new one has not been rejected yet
    count(*) FILTER (WHERE rejected) AS rejected,
    max(state.failure) FILTER (WHERE rejected) AS rejection,
    coalesce(bool_or(settings.embedding_api_key IS NOT NULL), false) AS has_key
FROM articles AS article
LEFT JOIN tenant_llm_settings AS settings
    ON settings.tenant_id = article.tenant_id
LEFT JOIN loopctl_pipelines.embedding_states AS state
    ON state.tenant_id = article.tenant_id
    AND state.article_id = article.id
CROSS JOIN LATERAL (
    SELECT state.failure IS NOT NULL AND state.next_attempt_at IS NULL AS set_aside
) AS failed
CROSS JOIN LATERAL (
    SELECT
        set_aside
        AND state.content_hash IS NULL
        AND state.key_version IS NOT DISTINCT FROM sha256(settings.embedding_api_key)
        AS rejected
) AS unread
WHERE article.tenant_id = %(tenant_id)s
  AND article.status = 'published'
