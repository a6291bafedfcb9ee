SELECT
    -- One load of a tenant at a time: two would number different epics and stories alike.
    pg_advisory_xact_lock(hashtextextended('loopctl_pipelines.demo/' || %(tenant_id)s::uuid, 0)),
    -- The planner knows nothing of the incoming rows and takes nested loops.
    set_config('enable_nestloop', 'off', true)
