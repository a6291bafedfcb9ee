-- First statement of every transaction that compares a tenant's costs, or writes them.
SELECT
    -- One writer of a tenant's costs at a time: overlapping runs wait here, not in a deadlock.
    (
        SELECT pg_advisory_xact_lock(
            hashtextextended('loopctl_pipelines.costs/' || %(tenant_id)s::uuid, 0)
        )
        WHERE %(is_writing)s
    ),
    -- The planner does not know the sizes of the CTEs. It takes nested loops (3.0 s became 1.3 s for
    -- 1,000,000 reports without them), or merges by the type of scope alone, which is quadratic: 0.8 s
    -- of the 1.8 s of a tenant with 2,600 scopes. Hashing is right for few rows and for many.
    set_config('enable_nestloop', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    -- Likewise for groups: sorting a tenant's 130,000 reports by story took 86 ms, hashing 25 ms.
    set_config('enable_sort', 'off', true),
    -- A plan made while a table was empty would read all tenants' rows until the table is analyzed:
    -- in a first backfill, 55 ms for five days of a tenant instead of 2.
    set_config('enable_seqscan', 'off', true),
    -- A tenant's 130,000 reports do not fit into the default 4 MB: its hash tables became sorts on
    -- disk (890 ms instead of 750). Small tenants take no more than they need.
    set_config('work_mem', '64MB', true),
    -- A generic plan depends on no tenant and no day, and is made once per connection (3 ms each time).
    -- Citus cannot make one: it chooses the shard by the tenant's value.
    set_config(
        'plan_cache_mode',
        CASE
            WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN 'auto'
            ELSE 'force_generic_plan'
        END,
        true
    )
