DELETE FROM loopctl_pipelines.unchecked_proposals AS proposal
WHERE NOT EXISTS (
    SELECT FROM tenants
    WHERE tenants.id = proposal.tenant_id
)
