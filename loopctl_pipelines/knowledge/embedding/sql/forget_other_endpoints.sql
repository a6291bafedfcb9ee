-- What another endpoint refused, or asked to wait, says nothing about this one: those articles are pending
-- again. A tenant that a run still works on is left for a later evaluation.
WITH moved AS (
    UPDATE loopctl_pipelines.tenant_operations
    SET endpoint = %(endpoint)s,
        pause = NULL,
        paused_until = NULL,
        consecutive_pauses = 0
    WHERE operation = 'embedding'
        AND endpoint <> %(endpoint)s
        AND (held_until IS NULL OR held_until <= now())
    RETURNING tenant_id
)

DELETE FROM loopctl_pipelines.embedding_states AS state
USING moved
WHERE state.tenant_id = moved.tenant_id
  AND state.failure IS NOT NULL
