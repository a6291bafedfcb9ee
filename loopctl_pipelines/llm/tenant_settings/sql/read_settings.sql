SELECT
    id,
    api_key,
    embedding_api_key,
    extraction_model,
    classification_model,
    merge_model,
    embedding_model
FROM tenant_llm_settings
WHERE tenant_id = %(tenant_id)s
