INSERT INTO loopctl_pipelines.embedding_states (
    tenant_id, article_id, row_version, model, dimension, content_hash, updated_at
)
SELECT
    tenant_id,
    id,
    xmin,
    %(model)s,
    %(dimension)s,
    embedding_content_hash,
    now()
FROM articles
WHERE tenant_id = %(tenant_id)s
ON CONFLICT DO NOTHING
