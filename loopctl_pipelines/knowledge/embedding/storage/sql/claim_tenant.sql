-- Claims a tenant's articles for one run, or renews that run's lease; no row: another run has them.
INSERT INTO loopctl_pipelines.embedding_tenants AS tenant (tenant_id, holder, held_until)
VALUES (%(tenant_id)s, %(holder)s, clock_timestamp() + %(lease)s)
ON CONFLICT (tenant_id) DO UPDATE SET
    holder = excluded.holder,
    held_until = excluded.held_until
WHERE tenant.holder IS NULL
   OR tenant.holder = excluded.holder
   OR tenant.held_until <= clock_timestamp()
RETURNING true
