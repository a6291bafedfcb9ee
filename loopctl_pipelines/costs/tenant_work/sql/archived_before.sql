-- The first UTC day of a tenant that is not archived; no row where none is archived. In a statement
-- of its own behind begin_costs: the snapshot of the statement that waited for the lock is older.
SELECT archived_before
FROM loopctl_pipelines.archived_days
WHERE tenant_id = %(tenant_id)s
