-- Published articles of one tenant whose embedding has failed: the latest ones, and how many there are in all.
SELECT
    article.id,
    state.next_attempt_at IS NOT NULL AS is_waiting,
    state.failure,
    state.updated_at AS ended_at,
    count(*) OVER () AS total
FROM loopctl_pipelines.embedding_states AS state
INNER JOIN articles AS article
    ON article.tenant_id = state.tenant_id
    AND article.id = state.article_id
    AND article.status = 'published'
WHERE state.tenant_id = %(tenant_id)s
  AND state.failure IS NOT NULL
ORDER BY state.updated_at DESC, article.id
LIMIT %(errors)s
