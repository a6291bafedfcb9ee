-- Stores the embedding state of articles, without touching the articles.
INSERT INTO loopctl_pipelines.embedding_states AS state (
    tenant_id, article_id, row_version, model, dimension, content_hash,
    failure, attempts, next_attempt_at, key_version, updated_at
)
SELECT
    %(tenant_id)s,
    article_id,
    row_version,
    %(model)s,
    %(dimension)s,
    content_hash,
    %(failure)s,
    attempts,
    now() + %(delay)s::interval,
    %(key_version)s::bytea,
    now()
FROM unnest(
    %(article_ids)s::uuid[],
    %(row_versions)s::xid[],
    %(content_hashes)s::text[],
    %(attempts)s::integer[]
) AS articles (article_id, row_version, content_hash, attempts)
-- always in this order, so that two runs cannot deadlock
ORDER BY article_id
ON CONFLICT (tenant_id, article_id) DO UPDATE SET
    row_version = excluded.row_version,
    model = excluded.model,
    dimension = excluded.dimension,
    content_hash = excluded.content_hash,
    failure = excluded.failure,
    attempts = excluded.attempts,
    next_attempt_at = excluded.next_attempt_at,
    key_version = excluded.key_version,
    updated_at = excluded.updated_at
