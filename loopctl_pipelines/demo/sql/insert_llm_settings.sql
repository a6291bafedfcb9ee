INSERT INTO tenant_llm_settings (id, tenant_id, embedding_api_key, inserted_at, updated_at)
VALUES (
    gen_random_uuid(), %(tenant_id)s, %(embedding_api_key)s, now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
)
ON CONFLICT DO NOTHING
