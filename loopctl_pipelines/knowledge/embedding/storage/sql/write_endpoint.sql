INSERT INTO loopctl_pipelines.embedding_endpoints (
    tenant_id, endpoint, model, dimension, floats, most_texts, updated_at
)
VALUES (
    %(tenant_id)s,
    %(endpoint)s,
    %(model)s,
    %(dimension)s,
    %(floats)s,
    %(most_texts)s,
    now()
)
ON CONFLICT (tenant_id, endpoint, model) DO UPDATE SET
    dimension = excluded.dimension,
    floats = excluded.floats,
    most_texts = excluded.most_texts,
    updated_at = excluded.updated_at
