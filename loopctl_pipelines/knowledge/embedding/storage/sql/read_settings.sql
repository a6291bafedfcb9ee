-- One tenant's embedding key (encrypted), its model, how many pauses in a row the provider has asked for with
-- that key, and the endpoint of its last run. No row: the tenant never set a key or a model.
SELECT
    settings.embedding_api_key AS encrypted_key,
    sha256(settings.embedding_api_key) AS key_version,
    settings.embedding_model AS model,
    run.endpoint AS last_endpoint,
    CASE
        WHEN run.paused_key = sha256(settings.embedding_api_key) THEN run.consecutive_pauses
        ELSE 0
    END AS consecutive_pauses
FROM tenant_llm_settings AS settings
LEFT JOIN loopctl_pipelines.tenant_operations AS run
    ON run.tenant_id = settings.tenant_id
    AND run.operation = 'embedding'
WHERE settings.tenant_id = %(tenant_id)s
