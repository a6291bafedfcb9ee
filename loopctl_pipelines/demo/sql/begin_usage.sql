-- One load of a tenant at a time: two would give the same numbers to different epics and stories.
SELECT pg_advisory_xact_lock(hashtextextended('loopctl_pipelines.demo/' || %(tenant_id)s::uuid, 0))
