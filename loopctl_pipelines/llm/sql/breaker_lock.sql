-- Inserts an empty row or locks the one there is, and returns it: also of two that come first, the
-- second waits and then sees what the first has written.
INSERT INTO loopctl_pipelines.embedding_breakers AS breaker (tenant_id, updated_at)
VALUES (%(tenant_id)s, coalesce(%(now)s::timestamptz, clock_timestamp()))
ON CONFLICT (tenant_id) DO UPDATE
SET updated_at = excluded.updated_at
RETURNING
    breaker.updated_at,
    breaker.failures,
    breaker.opened_at,
    breaker.open_until,
    breaker.probe_id,
    breaker.probe_until
