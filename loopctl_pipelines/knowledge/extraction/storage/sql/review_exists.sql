SELECT
FROM review_records
WHERE tenant_id = %(tenant_id)s
  AND id = %(review_id)s
