SELECT
FROM projects
WHERE tenant_id = %(tenant_id)s
  AND id = %(project_id)s
