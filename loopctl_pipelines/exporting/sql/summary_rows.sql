-- One tenant, the UTC days [first, end): its summaries of these scopes, a row per model and phase.
SELECT
    summary.period_start AS day_utc,
    summary.scope_type AS scope,
    summary.scope_id,
    COALESCE(agent.name, epic.title, project.name, '') AS scope_name,
    of_model.key AS model,
    of_phase.key AS phase,
    COALESCE((of_phase.value ->> 'cost_millicents')::bigint, 0) AS cost_millicents,
    COALESCE((of_phase.value ->> 'input_tokens')::bigint, 0) AS input_tokens,
    COALESCE((of_phase.value ->> 'output_tokens')::bigint, 0) AS output_tokens,
    summary.stale
FROM cost_summaries AS summary
CROSS JOIN LATERAL jsonb_each(loopctl_pipelines.as_object(summary.model_breakdown)) AS of_model
CROSS JOIN LATERAL jsonb_each(loopctl_pipelines.as_object(of_model.value)) AS of_phase
LEFT JOIN agents AS agent
    ON summary.scope_type = 'agent'
    AND agent.tenant_id = summary.tenant_id
    AND agent.id = summary.scope_id
LEFT JOIN epics AS epic
    ON summary.scope_type = 'epic'
    AND epic.tenant_id = summary.tenant_id
    AND epic.id = summary.scope_id
LEFT JOIN projects AS project
    ON summary.scope_type = 'project'
    AND project.tenant_id = summary.tenant_id
    AND project.id = summary.scope_id
WHERE summary.tenant_id = %(tenant_id)s
  AND summary.period_start >= %(first)s
  AND summary.period_start < %(end)s
  AND summary.scope_type = ANY(%(scopes)s)
ORDER BY
    summary.period_start,
    array_position(%(scopes)s::text[], summary.scope_type::text),
    scope_name,
    summary.scope_id,
    of_model.key,
    of_phase.key
