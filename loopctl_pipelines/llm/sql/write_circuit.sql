UPDATE loopctl_pipelines.circuit_breakers
SET failures = %(failures)s::timestamptz[],
    opened_at = %(opened_at)s,
    open_until = %(open_until)s,
    probe_id = %(probe_id)s,
    probe_until = %(probe_until)s
WHERE tenant_id = %(tenant_id)s AND vendor = %(vendor)s
