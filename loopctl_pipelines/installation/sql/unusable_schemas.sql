-- Which of these schemas the tenant role or the login may not use.
SELECT
    nspname::text AS name,
    rolname::text AS holder
FROM pg_namespace
CROSS JOIN pg_roles
WHERE nspname = ANY (%(schemas)s::text[])
  AND (rolname = current_user OR rolname = %(role)s)
  AND NOT has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'USAGE')
ORDER BY nspname, rolname
