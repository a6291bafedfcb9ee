-- Two tenants whose rate limit is never reached, and a user's key of each.
WITH tenant AS (
    INSERT INTO tenants (id, name, slug, settings, email, inserted_at, updated_at)
    SELECT
        md5('api tenant ' || name)::uuid,
        name,
        name,
        '{"rate_limit_requests_per_minute": 9999999}',
        name,
        '2026-04-02',
        '2026-04-02'
    FROM unnest(%(names)s::text[]) AS name
    RETURNING id, name
)

INSERT INTO api_keys (
    id, tenant_id, name, key_hash, key_prefix, role, inserted_at, updated_at
)
SELECT
    gen_random_uuid(),
    tenant.id,
    'benchmark',
    encode(sha256(convert_to('lc_' || tenant.name, 'UTF8')), 'hex'),
    'lc_',
    'user',
    '2026-04-02',
    '2026-04-02'
FROM tenant
