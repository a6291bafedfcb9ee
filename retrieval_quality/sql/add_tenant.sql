-- A tenant whose rate limit is never reached, with an embedding key and a key of its agent.
WITH tenant AS (
    INSERT INTO tenants (id, name, slug, settings, email, inserted_at, updated_at)
    VALUES (
        %(tenant_id)s,
        'Quality',
        'quality',
        '{"rate_limit_requests_per_minute": 9999999}',
        'quality',
        '2026-01-01',
        '2026-01-01'
    )
),

embedding AS (
    INSERT INTO tenant_llm_settings (
        id, tenant_id, embedding_api_key, embedding_model, inserted_at, updated_at
    )
    VALUES (%(tenant_id)s, %(tenant_id)s, %(embedding_key)s, %(model)s, '2026-01-01', '2026-01-01')
)

INSERT INTO api_keys (
    id, tenant_id, name, key_hash, key_prefix, role, inserted_at, updated_at
)
VALUES (
    %(tenant_id)s,
    %(tenant_id)s,
    'quality',
    encode(sha256(convert_to(%(api_key)s, 'UTF8')), 'hex'),
    left(%(api_key)s, 8),
    'agent',
    '2026-01-01',
    '2026-01-01'
)
