-- Records that articles are embedded, each with the version of its row that has the vector.
INSERT INTO loopctl_pipelines.embedding_states AS state (
    tenant_id, article_id, row_version, model, dimension, content_hash, updated_at
)
SELECT
    %(tenant_id)s,
    article_id,
    row_version,
    %(model)s,
    %(dimension)s,
    content_hash,
    now()
FROM unnest(
    %(article_ids)s::uuid[],
    %(row_versions)s::xid[],
    %(content_hashes)s::text[]
) AS written (article_id, row_version, content_hash)
-- always in this order, so that two runs cannot deadlock
ORDER BY article_id
ON CONFLICT (tenant_id, article_id) DO UPDATE SET
    row_version = excluded.row_version,
    model = excluded.model,
    dimension = excluded.dimension,
    content_hash = excluded.content_hash,
    failure = NULL,
    attempts = 0,
    next_attempt_at = NULL,
    key_version = NULL,
    updated_at = excluded.updated_at
