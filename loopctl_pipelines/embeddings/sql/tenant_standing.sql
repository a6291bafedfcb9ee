-- How one tenant's published articles stand.
SELECT
    count(*) AS published,
    count(article.embedding) AS embedded,
    count(*) FILTER (WHERE state.next_attempt_at IS NOT NULL) AS waiting,
    count(*) FILTER (WHERE set_aside AND state.content_hash IS NOT NULL) AS set_aside,
    -- unread: the key or the model was refused, not a text
    count(*) FILTER (WHERE set_aside AND state.content_hash IS NULL) AS refused,
    max(state.failure) FILTER (WHERE set_aside AND state.content_hash IS NULL) AS refusal,
    EXISTS (
        SELECT FROM tenant_llm_settings AS settings
        WHERE settings.tenant_id = %(tenant_id)s
          AND settings.embedding_api_key IS NOT NULL
    ) AS has_key
FROM articles AS article
LEFT JOIN loopctl_pipelines.embedding_states AS state
    ON state.tenant_id = article.tenant_id
    AND state.article_id = article.id
CROSS JOIN LATERAL (
    SELECT coalesce(state.failure IS NOT NULL AND state.next_attempt_at IS NULL, false) AS set_aside
) AS standing
WHERE article.tenant_id = %(tenant_id)s
  AND article.status = 'published'
