-- The provider has accepted a request: the current pause is over, if it was not already, and the next one
-- is again the first in a row.
UPDATE loopctl_pipelines.tenant_operations
SET consecutive_pauses = 0,
    paused_until = least(paused_until, now())
WHERE tenant_id = %(tenant_id)s
  AND operation = %(operation)s
  AND consecutive_pauses > 0
