-- Which of the rights on rows a role has on these tables.
SELECT
    relation.relname::text AS name,
    array_agg(held.privilege::text ORDER BY held.place) AS privileges
FROM pg_class AS relation
INNER JOIN (
    VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')
) AS held (place, privilege)
    ON has_table_privilege(%(role)s, relation.oid, held.privilege)
WHERE relation.relnamespace = to_regnamespace(%(schema)s)
  AND relation.relname = ANY (%(tables)s::text[])
GROUP BY relation.relname
ORDER BY relation.relname
