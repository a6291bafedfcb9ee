INSERT INTO articles (
    id, tenant_id, title, body, category, status, slug, embedding, embedding_content_hash,
    inserted_at, updated_at
)
SELECT
    md5(%(tenant_id)s::uuid || '/' || number)::uuid,
    %(tenant_id)s,
    'Article ' || number,
    '',
    'note',
    'published',
    'article-' || number,
    vector,
    md5(number::text),
    '2026-04-02',
    '2026-04-02'
FROM unnest(%(vectors)b::vector[]) WITH ORDINALITY AS made (vector, place)
CROSS JOIN LATERAL (SELECT %(first)s + place AS number) AS numbered
