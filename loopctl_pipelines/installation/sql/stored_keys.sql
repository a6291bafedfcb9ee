-- The encrypted keys of a tenant: for chat and for embeddings.
SELECT unnest(ARRAY[api_key, embedding_api_key])
FROM tenant_llm_settings
WHERE tenant_id = %(tenant_id)s
