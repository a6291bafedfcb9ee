-- A table or view by its name alone, with its schema: loopctl's own, or ours.
SELECT format('%%I.%%I', nspname, relname)
FROM pg_class
INNER JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relname = %(name)s
  AND nspname IN ('loopctl_pipelines', 'public')
ORDER BY nspname
