-- Removes what is known of the articles of tenants that no longer exist. Whoever ever had a run has a row
-- in embedding_tenants, so the far longer embedding_states is not searched for them. What a run still
-- works on is left to a later look: it would write anew what is removed.
WITH gone AS (
    DELETE FROM loopctl_pipelines.embedding_tenants AS run
    WHERE NOT EXISTS (
            SELECT FROM tenants
            WHERE tenants.id = run.tenant_id
        )
        AND (run.held_until IS NULL OR run.held_until <= clock_timestamp())
    RETURNING run.tenant_id
),

vectors AS (
    DELETE FROM loopctl_pipelines.unwritten_vectors AS kept
    USING gone
    WHERE kept.tenant_id = gone.tenant_id
)

DELETE FROM loopctl_pipelines.embedding_states AS state
USING gone
WHERE state.tenant_id = gone.tenant_id
