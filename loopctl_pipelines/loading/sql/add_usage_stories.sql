-- Numbered `<epic>.<n>`, on from the last such number, in the order of their titles.
INSERT INTO stories (
    id, tenant_id, project_id, epic_id, number, title, agent_status, assigned_agent_id,
    sort_key, inserted_at, updated_at
)
SELECT
    numbered.story_id,
    %(tenant_id)s,
    numbered.project_id,
    numbered.epic_id,
    numbered.epic_number || '.' || numbered.number,
    numbered.story_title,
    'implementing',
    numbered.agent_id,
    numbered.number,
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM (
    SELECT
        incoming.story_id,
        incoming.story_title,
        epic.project_id,
        epic.id AS epic_id,
        epic.number AS epic_number,
        agent.id AS agent_id,
        COALESCE(last.number, 0) + row_number() OVER (
            PARTITION BY epic.id
            ORDER BY incoming.story_title
        ) AS number
    FROM (
        -- several agents may have worked on it: the last one is its own
        SELECT DISTINCT ON (story_id)
            story_id,
            story_title,
            project_slug,
            epic_title,
            agent_name
        FROM incoming_usage
        ORDER BY story_id, used_at DESC, agent_name
    ) AS incoming
    INNER JOIN projects AS project
        ON project.tenant_id = %(tenant_id)s
        AND project.slug = incoming.project_slug
    INNER JOIN (
        SELECT DISTINCT ON (project_id, title)
            id,
            project_id,
            title,
            number
        FROM epics
        WHERE tenant_id = %(tenant_id)s
        ORDER BY project_id, title, number
    ) AS epic
        ON epic.project_id = project.id
        AND epic.title = incoming.epic_title
    INNER JOIN agents AS agent
        ON agent.tenant_id = %(tenant_id)s
        AND agent.name = incoming.agent_name
    LEFT JOIN (
        SELECT
            project_id,
            split_part(number, '.', 1) AS epic_number,
            max(split_part(number, '.', 2)::integer) AS number
        FROM stories
        WHERE tenant_id = %(tenant_id)s
          AND number ~ '^[0-9]{1,9}[.][0-9]{1,9}$'
        GROUP BY project_id, split_part(number, '.', 1)
    ) AS last
        ON last.project_id = epic.project_id
        AND last.epic_number = epic.number::text
    WHERE NOT EXISTS (
        SELECT FROM stories AS stored
        WHERE stored.tenant_id = %(tenant_id)s
          AND stored.epic_id = epic.id
          AND stored.title = incoming.story_title
    )
) AS numbered
ON CONFLICT DO NOTHING
