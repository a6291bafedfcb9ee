INSERT INTO tenant_llm_settings (id, tenant_id, api_key, inserted_at, updated_at)
SELECT
    id,
    id,
    %(key)s,
    inserted_at,
    updated_at
FROM tenants
