-- What a role's transactions need on a coordinator of Citus; tables are named with their schema, or public.
SELECT
    coalesce((SELECT rolcanlogin FROM pg_roles WHERE rolname = %(role)s), false) AS can_log_in,
    current_setting('citus.propagate_set_commands', true) AS propagated,
    ARRAY(
        SELECT name
        FROM unnest(%(tables)s::text[]) AS name
        -- loopctl's job queue has no tenant, and stays on the coordinator
        WHERE name <> 'oban_jobs'
          AND to_regclass(name) <> ALL (SELECT logicalrelid FROM pg_dist_partition)
        ORDER BY name
    ) AS undistributed
