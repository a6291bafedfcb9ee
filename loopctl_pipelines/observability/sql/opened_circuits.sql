-- The circuits that are not closed, and whether they are still open; the others are half-open.
SELECT
    tenant_id,
    vendor,
    open_until > now() AS is_open
FROM loopctl_pipelines.circuit_breakers
WHERE open_until IS NOT NULL
