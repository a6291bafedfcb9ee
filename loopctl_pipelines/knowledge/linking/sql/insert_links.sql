INSERT INTO article_links (
    id, tenant_id, source_article_id, target_article_id, relationship_type, metadata, inserted_at
)
SELECT
    id,
    %(tenant_id)s,
    source_id,
    target_id,
    type,
    jsonb_build_object('auto_generated', true, 'similarity_score', similarity),
    now()
FROM unnest(
    %(ids)s::uuid[],
    %(sources)s::uuid[],
    %(targets)s::uuid[],
    %(types)s::text[],
    %(similarities)s::numeric[]
) AS wanted (id, source_id, target_id, type, similarity)
-- another writer, such as loopctl, may have linked the pair meanwhile
ON CONFLICT (tenant_id, source_article_id, target_article_id, relationship_type) DO NOTHING
