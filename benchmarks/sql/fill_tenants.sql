INSERT INTO tenants (id, name, slug, inserted_at, updated_at)
SELECT
    tenant_id,
    'Tenant ' || rank,
    'tenant-' || rank,
    %(day)s,
    %(day)s
FROM tenant_sizes
