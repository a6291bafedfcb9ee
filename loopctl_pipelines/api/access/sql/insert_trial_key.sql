INSERT INTO api_keys (
    id, tenant_id, name, key_hash, key_prefix, role, expires_at, inserted_at, updated_at
)
VALUES (
    %(id)s, %(tenant_id)s, 'loopctl-pipelines api --key-for', %(key_hash)s, %(key_prefix)s, 'user',
    %(expires_at)s, %(now)s, %(now)s
)
