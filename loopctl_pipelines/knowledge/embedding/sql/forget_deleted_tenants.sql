-- Removes what is stored about the articles of tenants that no longer exist. Every tenant that ever had a
-- run has a row in tenant_operations, so the far longer embedding_states is not searched. A tenant that a
-- run still works on is left for a later evaluation: the run would write again what is removed.
WITH gone AS (
    DELETE FROM loopctl_pipelines.tenant_operations AS run
    WHERE run.operation = 'embedding'
        AND NOT EXISTS (
            SELECT FROM tenants
            WHERE tenants.id = run.tenant_id
        )
        AND (run.held_until IS NULL OR run.held_until <= now())
    RETURNING run.tenant_id
),

vectors AS (
    DELETE FROM loopctl_pipelines.unwritten_vectors AS unwritten
    USING gone
    WHERE unwritten.tenant_id = gone.tenant_id
),

endpoints AS (
    DELETE FROM loopctl_pipelines.embedding_endpoints AS known
    USING gone
    WHERE known.tenant_id = gone.tenant_id
)

DELETE FROM loopctl_pipelines.embedding_states AS state
USING gone
WHERE state.tenant_id = gone.tenant_id
