UPDATE tenant_llm_settings
SET api_key = %(api_key)s,
    embedding_api_key = %(embedding_api_key)s,
    extraction_model = %(extraction_model)s,
    classification_model = %(classification_model)s,
    merge_model = %(merge_model)s,
    embedding_model = %(embedding_model)s,
    updated_at = now() AT TIME ZONE 'UTC'
WHERE tenant_id = %(tenant_id)s
