-- First statement of every transaction that writes summaries or anomalies.
SELECT
    -- One writer of a tenant's costs at a time: overlapping runs wait here instead of in a deadlock.
    pg_advisory_xact_lock(hashtextextended('loopctl_pipelines.costs/' || %(tenant_id)s::uuid, 0)),
    -- The planner knows nothing of the CTEs' sizes and takes nested loops: 3.0 s became 1.3 s for
    -- 1,000,000 reports, and 48 s where it had settled on a generic plan.
    set_config('enable_nestloop', 'off', true)
