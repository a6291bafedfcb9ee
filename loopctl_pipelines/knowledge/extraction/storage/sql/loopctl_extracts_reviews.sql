-- Whether loopctl's own worker extracts the tenant's reviews; a missing setting means that it does.
SELECT coalesce(settings ->> 'knowledge_auto_extract', 'true') <> 'false'
FROM tenants
WHERE id = %(tenant_id)s
