-- One tenant's embedding key, encrypted, and its model; no row: neither was ever set.
SELECT
    embedding_api_key AS encrypted_key,
    sha256(embedding_api_key) AS key_version,
    embedding_model AS model
FROM tenant_llm_settings
WHERE tenant_id = %(tenant_id)s
