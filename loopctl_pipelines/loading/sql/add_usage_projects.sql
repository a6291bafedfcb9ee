INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)
SELECT DISTINCT
    project_id,
    %(tenant_id)s::uuid,
    project_name,
    project_slug,
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM incoming_usage
ON CONFLICT (tenant_id, slug) DO NOTHING
