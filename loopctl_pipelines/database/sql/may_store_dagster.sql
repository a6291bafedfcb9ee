-- Whether Dagster's tables are there, and whether the login may write them, or create them in its first
-- schema, where Dagster does so.
SELECT
    to_regclass('event_logs') IS NOT NULL AS has_tables,
    COALESCE(
        has_table_privilege(to_regclass('event_logs'), 'INSERT'),
        has_schema_privilege(current_schema(), 'CREATE'),
        false
    ) AS may
