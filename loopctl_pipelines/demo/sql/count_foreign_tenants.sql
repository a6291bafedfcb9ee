-- How many tenants are not the sample's: a count only.
SELECT count(*)
FROM tenants
WHERE NOT id = ANY(%(tenant_ids)s)
