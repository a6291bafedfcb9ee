INSERT INTO tenants (id, name, slug, status, inserted_at, updated_at)
VALUES (%(tenant_id)s, %(slug)s, %(slug)s, 'active', '2026-04-02', '2026-04-02')
