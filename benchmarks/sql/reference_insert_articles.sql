INSERT INTO articles (
    id, tenant_id, title, body, category, status, tags, source_type, source_id, idempotency_key,
    slug, metadata, inserted_at, updated_at
)
SELECT
    gen_random_uuid(),
    %(tenant_id)s,
    made.article ->> 'title',
    made.article ->> 'body',
    made.article ->> 'category',
    'draft',
    ARRAY(SELECT jsonb_array_elements_text(made.article -> 'tags')),
    'ingestion',
    %(source_id)s,
    %(key_prefix)s || ':' || made.place - 1,
    md5(%(key_prefix)s || made.place),
    '{"extraction_source": "claude_content_extractor"}',
    now(),
    now()
FROM jsonb_array_elements(%(articles)s) WITH ORDINALITY AS made (article, place)
ON CONFLICT (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
