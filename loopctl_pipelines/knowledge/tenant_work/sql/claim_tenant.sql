-- Claims a tenant for one run of an operation, or renews that run's lease; no row: another run has it.
-- now() is the start of the transaction. The client counts the lease from shortly before it, so the lease
-- never ends earlier than the client expects.
UPDATE loopctl_pipelines.tenant_operations
SET holder = %(holder)s,
    held_until = now() + %(lease)s
WHERE tenant_id = %(tenant_id)s
  AND operation = %(operation)s
  AND (holder IS NULL OR holder = %(holder)s OR held_until <= now())
RETURNING true
