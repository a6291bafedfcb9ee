-- Whether Dagster's tables are there, and whether the login may write them and the heartbeats of its
-- runs, or create those that are not there yet in its first schema.
SELECT
  to_regclass('event_logs') IS NOT NULL AS has_tables,
  bool_and(
    COALESCE(
      has_table_privilege(to_regclass(needed.name), 'INSERT'),
      has_schema_privilege(current_schema(), 'CREATE'),
      false
    )
  ) AS may
FROM (VALUES ('event_logs'), ('loopctl_run_heartbeats')) AS needed (name)
