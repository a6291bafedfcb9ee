-- Records the vectors and projects that articles were linked by.
INSERT INTO loopctl_pipelines.linked_articles (
    tenant_id, article_id, project_id, content_hash, model, dimension
)
SELECT
    %(tenant_id)s,
    article_id,
    project_id,
    content_hash,
    model,
    dimension
FROM unnest(
    %(article_ids)s::uuid[],
    %(project_ids)s::uuid[],
    %(content_hashes)s::text[],
    %(models)s::text[],
    %(dimensions)s::integer[]
) AS linked (article_id, project_id, content_hash, model, dimension)
ORDER BY article_id
ON CONFLICT (tenant_id, article_id) DO UPDATE SET
    project_id = excluded.project_id,
    content_hash = excluded.content_hash,
    model = excluded.model,
    dimension = excluded.dimension
