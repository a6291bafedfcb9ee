-- Whether Dagster's database is on this server, and whether the login may create it.
SELECT
    EXISTS (SELECT FROM pg_database WHERE datname = %(database)s),
    rolsuper OR rolcreatedb
FROM pg_roles
WHERE rolname = current_user
