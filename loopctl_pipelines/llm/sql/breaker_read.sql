SELECT
    clock.now,
    breaker.failures,
    breaker.opened_at,
    breaker.open_until,
    breaker.probe_id,
    breaker.probe_until
FROM (SELECT coalesce(%(now)s::timestamptz, clock_timestamp()) AS now) AS clock
LEFT JOIN loopctl_pipelines.embedding_breakers AS breaker
    ON breaker.tenant_id = %(tenant_id)s
