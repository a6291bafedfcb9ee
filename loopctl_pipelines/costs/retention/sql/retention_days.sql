SELECT token_data_retention_days
FROM tenants
WHERE id = %(tenant_id)s
