-- One proposal of a tenant at a time, from the comparison to the commit.
SELECT pg_advisory_xact_lock(
    hashtextextended('loopctl_pipelines.proposals/' || %(tenant_id)s::uuid, 0)
)
