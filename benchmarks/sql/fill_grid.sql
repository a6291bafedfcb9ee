-- Little usage of many tenants on many days: five reports a tenant and UTC day, one a story.
WITH added_tenants AS (
    INSERT INTO tenants (id, name, slug, inserted_at, updated_at)
    SELECT
        md5('tenant ' || number)::uuid,
        'Tenant ' || number,
        'tenant-' || to_char(number, 'FM0000'),
        %(first)s,
        %(first)s
    FROM generate_series(1, %(tenants)s) AS number
    RETURNING id
),

added_projects AS (
    INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)
    SELECT md5('project ' || id)::uuid, id, 'Project', 'project', %(first)s, %(first)s
    FROM added_tenants
),

added_epics AS (
    INSERT INTO epics (id, tenant_id, project_id, number, title, inserted_at, updated_at)
    SELECT
        md5('epic ' || id)::uuid, id, md5('project ' || id)::uuid, 1, 'Epic', %(first)s, %(first)s
    FROM added_tenants
),

added_agents AS (
    INSERT INTO agents (id, tenant_id, name, agent_type, inserted_at, updated_at)
    SELECT md5('agent ' || id)::uuid, id, 'agent', 'implementer', %(first)s, %(first)s
    FROM added_tenants
),

added_stories AS (
    INSERT INTO stories (
        id, tenant_id, project_id, epic_id, number, title, inserted_at, updated_at
    )
    SELECT
        md5('story ' || id || number)::uuid,
        id,
        md5('project ' || id)::uuid,
        md5('epic ' || id)::uuid,
        number::text,
        'Story ' || number,
        %(first)s,
        %(first)s
    FROM added_tenants
    CROSS JOIN generate_series(1, 5) AS number
)

INSERT INTO token_usage_reports (
    id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens, model_name,
    cost_millicents, phase, inserted_at, updated_at
)
SELECT
    gen_random_uuid(),
    id,
    md5('story ' || id || number)::uuid,
    md5('agent ' || id)::uuid,
    md5('project ' || id)::uuid,
    1000,
    100,
    'claude-opus-4-6',
    1000 + 10 * number,
    'implementing',
    day + interval '12 hours',
    day + interval '12 hours'
FROM added_tenants
CROSS JOIN generate_series(1, 5) AS number
CROSS JOIN generate_series(
    %(first)s::timestamp, %(last)s::timestamp, interval '1 day'
) AS day
