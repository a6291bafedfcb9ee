-- Sets the keys of one tenant that it does not have yet.
INSERT INTO tenant_llm_settings AS settings (
    id, tenant_id, api_key, embedding_api_key, inserted_at, updated_at
)
VALUES (
    gen_random_uuid(), %(tenant_id)s, %(api_key)s, %(embedding_api_key)s,
    now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
)
ON CONFLICT (tenant_id) DO UPDATE SET
    api_key = coalesce(settings.api_key, excluded.api_key),
    embedding_api_key = coalesce(settings.embedding_api_key, excluded.embedding_api_key)
WHERE settings.api_key IS NULL AND excluded.api_key IS NOT NULL
   OR settings.embedding_api_key IS NULL AND excluded.embedding_api_key IS NOT NULL
