-- How one tenant's published articles stand.
SELECT
    count(*) AS published,
    count(article.embedding) AS embedded,
    count(*) FILTER (WHERE state.next_attempt_at IS NOT NULL) AS waiting,
    count(*) FILTER (WHERE set_aside AND state.content_hash IS NOT NULL) AS set_aside,
    -- unread: the key or the model was refused, not a text; another one is not refused yet
    count(*) FILTER (WHERE refused) AS refused,
    max(state.failure) FILTER (WHERE refused) AS refusal,
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
        AS refused
) AS unread
WHERE article.tenant_id = %(tenant_id)s
  AND article.status = 'published'
