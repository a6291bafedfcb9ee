INSERT INTO tenant_llm_settings (id, tenant_id, embedding_api_key, inserted_at, updated_at)
VALUES (gen_random_uuid(), %(tenant_id)s, %(key)s, '2026-04-02', '2026-04-02')
