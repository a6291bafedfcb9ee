SELECT tenant_id
FROM loopctl_pipelines.embedding_breakers
WHERE open_until > coalesce(%(now)s::timestamptz, clock_timestamp())
