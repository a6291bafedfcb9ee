INSERT INTO tenants (id, name, slug, inserted_at, updated_at)
SELECT
    md5('knowledge tenant ' || number)::uuid,
    'Knowledge tenant ' || number,
    'knowledge-' || number,
    '2026-04-02',
    '2026-04-02'
FROM generate_series(1, %(tenants)s) AS number
