-- The tenant's own settings for anomalies, as JSON, null if it has none; and its first UTC day that is not
-- archived, null if no day is. In a statement of its own, after begin_costs: the snapshot of the
-- statement that waited for the lock is older.
SELECT
    NULLIF(tenant.settings -> %(setting)s::text, 'null')::text AS settings,
    archived.archived_before
FROM tenants AS tenant
LEFT JOIN loopctl_pipelines.archived_days AS archived ON archived.tenant_id = tenant.id
WHERE tenant.id = %(tenant_id)s
