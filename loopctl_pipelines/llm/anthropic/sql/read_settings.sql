-- One tenant's key for chat models (encrypted) and its models. No row: the tenant never set any.
SELECT
    api_key AS encrypted_key,
    sha256(api_key) AS key_version,
    extraction_model,
    classification_model,
    merge_model
FROM tenant_llm_settings
WHERE tenant_id = %(tenant_id)s
