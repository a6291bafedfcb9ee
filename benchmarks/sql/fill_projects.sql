INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)
SELECT
    md5('project ' || rank || ' ' || number)::uuid,
    tenant_id,
    'Project ' || number,
    'project-' || number,
    %(day)s,
    %(day)s
FROM tenant_sizes
CROSS JOIN generate_series(0, projects - 1) AS number
