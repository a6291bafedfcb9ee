-- How many pauses in a row the vendor has asked for with this key, without accepting a request since.
SELECT consecutive_pauses
FROM loopctl_pipelines.tenant_operations
WHERE tenant_id = %(tenant_id)s
  AND operation = 'extraction'
  AND paused_key IS NOT DISTINCT FROM %(key_version)s::bytea
