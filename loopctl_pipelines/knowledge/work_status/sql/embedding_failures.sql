-- When the next of one tenant's articles that wait is due, and why articles wait or were set aside.
SELECT
    min(next_attempt_at) AS next_attempt_at,
    string_agg(DISTINCT failure, ', ' ORDER BY failure) AS failures
FROM loopctl_pipelines.embedding_states
WHERE tenant_id = %(tenant_id)s
  AND failure IS NOT NULL
