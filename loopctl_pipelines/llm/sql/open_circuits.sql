SELECT tenant_id
FROM loopctl_pipelines.circuit_breakers
WHERE vendor = %(vendor)s AND open_until > %(now)s
