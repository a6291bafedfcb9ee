-- Outer joins: a row whose story was not found stops the load instead of being left out.
INSERT INTO token_usage_reports (
    id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens, model_name,
    cost_millicents, inserted_at, updated_at
)
SELECT
    incoming.report_id,
    %(tenant_id)s,
    story.id,
    agent.id,
    project.id,
    incoming.input_tokens,
    incoming.output_tokens,
    incoming.model_name,
    incoming.cost_millicents,
    incoming.used_at,
    incoming.used_at
FROM incoming_usage AS incoming
LEFT JOIN agents AS agent
    ON agent.tenant_id = %(tenant_id)s
    AND agent.name = incoming.agent_name
LEFT JOIN projects AS project
    ON project.tenant_id = %(tenant_id)s
    AND project.slug = incoming.project_slug
LEFT JOIN (
    SELECT DISTINCT ON (project_id, title)
        id,
        project_id,
        title
    FROM epics
    WHERE tenant_id = %(tenant_id)s
    ORDER BY project_id, title, number
) AS epic
    ON epic.project_id = project.id
    AND epic.title = incoming.epic_title
LEFT JOIN (
    SELECT DISTINCT ON (epic_id, title)
        id,
        epic_id,
        title
    FROM stories
    WHERE tenant_id = %(tenant_id)s
    ORDER BY epic_id, title, sort_key, number
) AS story
    ON story.epic_id = epic.id
    AND story.title = incoming.story_title
ON CONFLICT DO NOTHING
