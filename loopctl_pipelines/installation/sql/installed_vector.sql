-- Version and schema of pgvector; no row if it is not installed in this database.
SELECT
    extversion,
    nspname::text
FROM pg_extension
INNER JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'vector'
