-- What the tenant itself has set about anomalies, as JSON; null if it has set nothing.
SELECT NULLIF(settings -> %(setting)s::text, 'null')::text AS settings
FROM tenants
WHERE id = %(tenant_id)s
