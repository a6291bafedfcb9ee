-- Every article counts as embedded, as it is now.
INSERT INTO loopctl_pipelines.embedding_states (
    tenant_id, article_id, row_version, model, dimension, content_hash, updated_at
)
SELECT
    tenant_id,
    id,
    xmin,
    'text-embedding-3-small',
    1536,
    md5(title),
    now()
FROM articles
