-- Of these tenants, those whose reviews loopctl's own worker extracts; a missing setting means that it does.
SELECT slug
FROM tenants
WHERE slug = ANY(%(slugs)s::text[])
  AND coalesce(settings ->> 'knowledge_auto_extract', 'true') <> 'false'
