-- Functions of a schema that a role may not call: default privileges may have taken them from PUBLIC.
SELECT proname::text AS name
FROM pg_proc
WHERE pronamespace = to_regnamespace(%(schema)s)
  AND NOT has_function_privilege(%(role)s, oid, 'EXECUTE')
ORDER BY proname
