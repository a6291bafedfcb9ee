-- The first UTC day of a tenant that is not archived; no row if no day is. In a statement of its own,
-- after begin_costs: the snapshot of the statement that waited for the lock is older.
SELECT archived_before
FROM loopctl_pipelines.archived_days
WHERE tenant_id = %(tenant_id)s
