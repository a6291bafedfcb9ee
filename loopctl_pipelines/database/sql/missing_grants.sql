-- Tables and views of a schema on which a role lacks rights that it is to have: all rows of tables are
-- read and written, views and the table of Alembic's version are only read.
SELECT
    relation.relname::text AS name,
    array_agg(needed.privilege::text ORDER BY needed.place) AS privileges
FROM pg_class AS relation
INNER JOIN (
    VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')
) AS needed (place, privilege)
    ON needed.privilege = 'SELECT'
    OR (relation.relkind <> 'v' AND relation.relname <> 'alembic_version')
WHERE relation.relnamespace = to_regnamespace(%(schema)s)
  AND relation.relkind IN ('r', 'p', 'v')
  AND NOT has_table_privilege(%(role)s, relation.oid, needed.privilege)
GROUP BY relation.relname
ORDER BY relation.relname
