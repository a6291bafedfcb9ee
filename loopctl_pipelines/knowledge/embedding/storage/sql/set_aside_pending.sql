-- Sets aside all pending articles of one tenant, unread: the provider rejects its key or its model, not a
-- text.
INSERT INTO loopctl_pipelines.embedding_states AS state (
    tenant_id, article_id, row_version, model, dimension, failure, key_version, updated_at
)
SELECT
    tenant_id,
    id,
    row_version,
    %(model)s,
    %(dimension)s,
    %(failure)s,
    %(key_version)s::bytea,
    now()
FROM loopctl_pipelines.pending_articles
WHERE tenant_id = %(tenant_id)s
ORDER BY id
ON CONFLICT (tenant_id, article_id) DO UPDATE SET
    row_version = excluded.row_version,
    model = excluded.model,
    dimension = excluded.dimension,
    content_hash = NULL,
    failure = excluded.failure,
    attempts = 0,
    next_attempt_at = NULL,
    key_version = excluded.key_version,
    updated_at = excluded.updated_at
