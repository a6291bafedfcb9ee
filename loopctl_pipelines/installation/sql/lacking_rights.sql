-- Which of these rights on these tables the login lacks.
SELECT
    needed.name,
    needed.privilege
FROM unnest(%(tables)s::text[], %(rights)s::text[]) AS needed (name, privilege)
WHERE NOT has_table_privilege(current_user, needed.name, needed.privilege)
ORDER BY needed.privilege, needed.name
