INSERT INTO api_keys (
    id, tenant_id, name, key_hash, key_prefix, role, inserted_at, updated_at
)
VALUES (
    gen_random_uuid(),
    %(tenant_id)s,
    'benchmark',
    encode(sha256(convert_to(%(key)s, 'UTF8')), 'hex'),
    'lc_',
    'user',
    '2026-04-02',
    '2026-04-02'
)
