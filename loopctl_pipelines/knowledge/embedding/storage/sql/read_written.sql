-- Which of these articles exist, and which of them already have this vector: an earlier attempt wrote it,
-- but the acknowledgement of its commit was lost.
SELECT
    article.id,
    state.article_id IS NOT NULL AS is_written
FROM unnest(%(article_ids)s::uuid[], %(content_hashes)s::text[]) AS wanted (article_id, content_hash)
INNER JOIN articles AS article
    ON article.tenant_id = %(tenant_id)s
    AND article.id = wanted.article_id
LEFT JOIN loopctl_pipelines.embedding_states AS state
    ON state.tenant_id = article.tenant_id
    AND state.article_id = article.id
    AND state.row_version = article.xmin
    AND state.content_hash = wanted.content_hash
    AND state.failure IS NULL
    AND article.embedding_content_hash = state.content_hash
    AND article.embedding IS NOT NULL
    AND article.status = 'published'
