-- The tenant's texts go to another endpoint from now on, which has not asked for a pause.
UPDATE loopctl_pipelines.tenant_operations
SET endpoint = %(endpoint)s,
    pause = CASE WHEN endpoint IS NULL THEN pause END,
    paused_until = CASE WHEN endpoint IS NULL THEN paused_until END,
    consecutive_pauses = CASE WHEN endpoint IS NULL THEN consecutive_pauses ELSE 0 END
WHERE tenant_id = %(tenant_id)s
  AND operation = 'embedding'
