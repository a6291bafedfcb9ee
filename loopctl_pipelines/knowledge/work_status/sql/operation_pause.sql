-- The pause of one tenant's operation, unless it has ended or another key has ended it.
SELECT
    run.pause,
    run.paused_until
FROM loopctl_pipelines.tenant_operations AS run
LEFT JOIN tenant_llm_settings AS settings
    ON settings.tenant_id = run.tenant_id
WHERE run.tenant_id = %(tenant_id)s
  AND run.operation = %(operation)s
  AND run.paused_until > now()
  AND run.paused_key IS NOT DISTINCT FROM sha256(
      CASE WHEN run.operation = 'embedding' THEN settings.embedding_api_key ELSE settings.api_key END
  )
