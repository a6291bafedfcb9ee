DELETE FROM loopctl_pipelines.circuit_breakers
WHERE tenant_id = %(tenant_id)s AND vendor = %(vendor)s
