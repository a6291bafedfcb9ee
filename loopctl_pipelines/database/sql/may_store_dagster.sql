-- Where its tables are not there yet, Dagster creates them in the login's first schema.
SELECT COALESCE(
    has_table_privilege(to_regclass('event_logs'), 'INSERT'),
    has_schema_privilege(current_schema(), 'CREATE'),
    false
)
