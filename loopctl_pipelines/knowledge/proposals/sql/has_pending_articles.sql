-- Whether an article has no vector yet that a proposal could be compared with.
(
    SELECT
    FROM loopctl_pipelines.pending_articles
    WHERE tenant_id = %(tenant_id)s
    LIMIT 1
)
UNION ALL
(
    SELECT
    FROM loopctl_pipelines.embedding_states
    WHERE tenant_id = %(tenant_id)s
      AND next_attempt_at IS NOT NULL
    LIMIT 1
)
LIMIT 1
