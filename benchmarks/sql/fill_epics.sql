INSERT INTO epics (id, tenant_id, project_id, number, title, inserted_at, updated_at)
SELECT
    md5('epic ' || rank || ' ' || number)::uuid,
    tenant_id,
    md5('project ' || rank || ' ' || number / 6)::uuid,
    number,
    'Epic ' || number,
    %(day)s,
    %(day)s
FROM tenant_sizes
CROSS JOIN generate_series(0, epics - 1) AS number
