-- Numbered on from the project's last epic, in the order of their titles.
INSERT INTO epics (id, tenant_id, project_id, number, title, position, inserted_at, updated_at)
SELECT
    numbered.epic_id,
    %(tenant_id)s,
    numbered.project_id,
    numbered.number,
    numbered.epic_title,
    numbered.number,
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM (
    SELECT
        incoming.epic_id,
        incoming.epic_title,
        project.id AS project_id,
        COALESCE(last.number, 0) + row_number() OVER (
            PARTITION BY project.id
            ORDER BY incoming.epic_title
        ) AS number
    FROM (SELECT DISTINCT project_slug, epic_id, epic_title FROM incoming_usage) AS incoming
    INNER JOIN projects AS project
        ON project.tenant_id = %(tenant_id)s
        AND project.slug = incoming.project_slug
    LEFT JOIN (
        SELECT
            project_id,
            max(number) AS number
        FROM epics
        WHERE tenant_id = %(tenant_id)s
        GROUP BY project_id
    ) AS last
        ON last.project_id = project.id
    WHERE NOT EXISTS (
        SELECT FROM epics AS stored
        WHERE stored.tenant_id = %(tenant_id)s
          AND stored.project_id = project.id
          AND stored.title = incoming.epic_title
    )
) AS numbered
ON CONFLICT DO NOTHING
