-- Published articles of %(words)s words each, dealt out to the tenants in turn. The words come from a
-- vocabulary of 5,000, so that the full-text index is as busy as with real text.
INSERT INTO articles (
    id, tenant_id, title, body, category, status, slug, inserted_at, updated_at
)
SELECT
    md5('article ' || number)::uuid,
    md5('knowledge tenant ' || 1 + number %% %(tenants)s)::uuid,
    'Article ' || number,
    array_to_string(
        ARRAY(
            SELECT 'term' || abs(hashint8(1000 * number + place)) %% 5000
            FROM generate_series(1, %(words)s) AS place
        ),
        ' '
    ),
    'note',
    'published',
    'article-' || number,
    timestamp '2026-04-02' + number * interval '1 second',
    '2026-04-02'
FROM generate_series(1, %(articles)s) AS number
