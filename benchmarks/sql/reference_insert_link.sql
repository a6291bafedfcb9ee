INSERT INTO article_links (
    id, tenant_id, source_article_id, target_article_id, relationship_type, metadata, inserted_at
)
VALUES (
    gen_random_uuid(), %(tenant_id)s, %(source)s, %(target)s, %(type)s,
    jsonb_build_object('auto_generated', true, 'similarity_score', %(similarity)s::float8), now()
)
ON CONFLICT DO NOTHING
