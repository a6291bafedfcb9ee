-- The similarity of pairs of articles; none for a pair that cannot be compared.
SELECT
    source.id AS source_id,
    target.id AS target_id,
    1 - (source.embedding <=> target.embedding) AS similarity
FROM unnest(%(sources)s::uuid[], %(targets)s::uuid[]) AS pair (source_id, target_id)
INNER JOIN loopctl_pipelines.comparable_articles AS source
    ON source.tenant_id = %(tenant_id)s
    AND source.id = pair.source_id
INNER JOIN loopctl_pipelines.comparable_articles AS target
    ON target.tenant_id = %(tenant_id)s
    AND target.id = pair.target_id
    AND target.model = source.model
    AND target.dimension = source.dimension
    AND (
        target.project_id IS NULL
        OR source.project_id IS NULL
        OR target.project_id = source.project_id
    )
