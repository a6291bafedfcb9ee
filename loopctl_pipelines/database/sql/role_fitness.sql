-- What the role of tenant transactions lacks for some work, and what would keep row-level security from
-- binding it.
SELECT
    role.rolsuper OR role.rolbypassrls AS unbound,
    ARRAY(
        SELECT relname::text
        FROM pg_class
        WHERE oid = ANY (%(protected)s::regclass[])
          AND relowner = role.oid
        ORDER BY relname
    ) AS owned,
    ARRAY(
        SELECT relname::text
        FROM pg_class
        WHERE oid = ANY (%(protected)s::regclass[])
          AND NOT relrowsecurity
        ORDER BY relname
    ) AS unprotected,
    ARRAY(
        SELECT privilege || ' on ' || needed.name
        FROM (
            SELECT unnest(%(read)s::text[]) AS name, 'SELECT' AS privilege
            UNION ALL
            SELECT written, granted
            FROM unnest(%(written)s::text[]) AS written,
                unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS granted
            UNION ALL
            SELECT unnest(%(appended)s::text[]), 'INSERT'
        ) AS needed
        WHERE NOT has_table_privilege(role.oid, needed.name, needed.privilege)
        UNION ALL
        SELECT 'EXECUTE on ' || function.signature
        FROM unnest(%(functions)s::text[]) AS function (signature)
        WHERE NOT has_function_privilege(role.oid, function.signature, 'EXECUTE')
        ORDER BY 1
    ) AS lacking
FROM pg_roles AS role
WHERE role.rolname = %(role)s
