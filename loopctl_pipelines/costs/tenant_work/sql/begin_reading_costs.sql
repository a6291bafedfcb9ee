-- First statement of a transaction that compares a tenant's costs and writes nothing: the settings of
-- begin_costs, without its lock.
SELECT
    set_config('enable_nestloop', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('enable_seqscan', 'off', true),
    set_config('work_mem', '64MB', true),
    set_config('plan_cache_mode', 'force_generic_plan', true)
