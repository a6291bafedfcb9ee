-- Stories of ten projects, dealt out in turn, all assigned to one agent.
WITH project AS (
    INSERT INTO projects (id, tenant_id, name, slug, inserted_at, updated_at)
    SELECT
        md5('api project ' || %(name)s::text || number)::uuid,
        md5('api tenant ' || %(name)s::text)::uuid,
        'Project ' || number,
        'project-' || number,
        '2026-04-02',
        '2026-04-02'
    FROM generate_series(0, 9) AS number
),

agent AS (
    INSERT INTO agents (id, tenant_id, name, agent_type, inserted_at, updated_at)
    VALUES (
        md5('api agent ' || %(name)s::text)::uuid,
        md5('api tenant ' || %(name)s::text)::uuid,
        'agent',
        'implementer',
        '2026-04-02',
        '2026-04-02'
    )
)

INSERT INTO stories (
    id, tenant_id, project_id, epic_id, number, title, assigned_agent_id, inserted_at, updated_at
)
SELECT
    md5('api story ' || %(name)s::text || number)::uuid,
    md5('api tenant ' || %(name)s::text)::uuid,
    md5('api project ' || %(name)s::text || number %% 10)::uuid,
    md5('api epic ' || %(name)s::text)::uuid,
    number::text,
    'Story ' || number,
    md5('api agent ' || %(name)s::text)::uuid,
    '2026-04-02',
    '2026-04-02'
FROM generate_series(1, %(anomalies)s) AS number
