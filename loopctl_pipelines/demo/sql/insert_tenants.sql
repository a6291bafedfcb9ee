INSERT INTO tenants (id, slug, name, status, email, inserted_at, updated_at)
SELECT
    id,
    slug,
    name,
    status,
    email,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS tenant (
    id uuid,
    slug text,
    name text,
    status text,
    email text,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
