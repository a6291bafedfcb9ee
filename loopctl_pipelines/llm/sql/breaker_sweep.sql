-- A closed circuit is written by its failures only: once the last has slid out, the row says nothing.
DELETE FROM loopctl_pipelines.embedding_breakers AS breaker
WHERE (
        breaker.open_until IS NULL
        AND breaker.updated_at <= coalesce(%(now)s::timestamptz, clock_timestamp()) - %(window)s
    )
    OR NOT EXISTS (
        SELECT FROM tenants
        WHERE tenants.id = breaker.tenant_id
    )
