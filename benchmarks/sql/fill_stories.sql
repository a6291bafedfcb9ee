INSERT INTO stories (
    id, tenant_id, project_id, epic_id, number, title, inserted_at, updated_at
)
SELECT
    md5('story ' || rank || ' ' || number)::uuid,
    tenant_id,
    md5('project ' || rank || ' ' || number / 72)::uuid,
    md5('epic ' || rank || ' ' || number / 12)::uuid,
    number::text,
    'Story ' || number,
    %(day)s,
    %(day)s
FROM tenant_sizes
CROSS JOIN generate_series(0, stories - 1) AS number
