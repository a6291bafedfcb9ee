-- What each agent of one tenant reported of each model, by UTC day of [first, end), as the summaries
-- have it: every report has exactly one agent.
SELECT
    agent.period_start AS day,
    agent.scope_id AS agent_id,
    of_model.key AS model,
    COALESCE(sum(figure.input), 0)::bigint AS input_tokens,
    COALESCE(sum(figure.output), 0)::bigint AS output_tokens,
    COALESCE(sum(figure.cost), 0)::bigint AS cost_millicents,
    COALESCE(agent.report_count, 0) AS reports
FROM cost_summaries AS agent
-- a document of any shape raises no error here
CROSS JOIN LATERAL jsonb_each(loopctl_pipelines.as_object(agent.model_breakdown)) AS of_model
CROSS JOIN LATERAL jsonb_each(loopctl_pipelines.as_object(of_model.value)) AS of_phase
CROSS JOIN LATERAL (
    SELECT
        max(value #>> '{}') FILTER (WHERE key = 'cost_millicents')::numeric AS cost,
        max(value #>> '{}') FILTER (WHERE key = 'input_tokens')::numeric AS input,
        max(value #>> '{}') FILTER (WHERE key = 'output_tokens')::numeric AS output
    FROM jsonb_each(loopctl_pipelines.as_object(of_phase.value))
    WHERE jsonb_typeof(value) = 'number'
) AS figure
WHERE agent.tenant_id = %(tenant_id)s
  AND agent.scope_type = 'agent'
  AND agent.period_start >= %(first)s
  AND agent.period_start < %(end)s
  AND agent.period_end = agent.period_start
GROUP BY agent.period_start, agent.scope_id, agent.report_count, of_model.key
