-- One writer of a tenant's system links at a time: overlapping runs wait here, not in a deadlock.
SELECT pg_advisory_xact_lock(
    hashtextextended('loopctl_pipelines.linking/' || %(tenant_id)s::uuid, 0)
)
