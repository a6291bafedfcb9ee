-- A tenant that has the slug already is the one meant.
INSERT INTO tenants (id, slug, name, status, inserted_at, updated_at)
SELECT
    id,
    slug,
    name,
    'active',
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM jsonb_to_recordset(%(rows)s) AS tenant (id uuid, slug text, name text)
ON CONFLICT (slug) DO NOTHING
