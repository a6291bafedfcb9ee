SELECT
    clock.now,
    circuit.failures,
    circuit.opened_at,
    circuit.open_until,
    circuit.probe_id,
    circuit.probe_until
FROM (SELECT coalesce(%(now)s::timestamptz, clock_timestamp()) AS now) AS clock
LEFT JOIN loopctl_pipelines.circuit_breakers AS circuit
    ON circuit.tenant_id = %(tenant_id)s AND circuit.vendor = %(vendor)s
