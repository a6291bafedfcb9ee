-- Claims a tenant's articles for one run, or renews that run's lease; no row: another run has them.
-- now() is the start of the transaction. The client counts the lease from shortly before it, so the lease
-- never ends earlier than the client expects.
UPDATE loopctl_pipelines.embedding_tenants
SET holder = %(holder)s,
    held_until = now() + %(lease)s
WHERE tenant_id = %(tenant_id)s
  AND (holder IS NULL OR holder = %(holder)s OR held_until <= now())
RETURNING true
