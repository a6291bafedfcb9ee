-- The tenant's own settings for anomalies, as JSON; null if it has none.
SELECT NULLIF(settings -> %(setting)s::text, 'null')::text AS settings
FROM tenants
WHERE id = %(tenant_id)s
