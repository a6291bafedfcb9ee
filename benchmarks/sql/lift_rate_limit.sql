UPDATE tenants
SET settings = '{"rate_limit_requests_per_minute": 9999999}'
WHERE id = %(tenant_id)s
