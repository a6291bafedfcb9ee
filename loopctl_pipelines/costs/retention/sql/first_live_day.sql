-- The first UTC day of a tenant, from `first` on and before `end`, that has a report to archive.
SELECT min(inserted_at)::date
FROM token_usage_reports
WHERE tenant_id = %(tenant_id)s
  AND inserted_at >= %(first)s
  AND inserted_at < %(end)s
  AND deleted_at IS NULL
