INSERT INTO articles (
    id, tenant_id, title, body, category, status, slug, inserted_at, updated_at
)
VALUES (
    %(id)s,
    %(tenant_id)s,
    %(title)s,
    %(body)s,
    'decision',
    'published',
    %(slug)s,
    '2026-01-01',
    '2026-01-01'
)
