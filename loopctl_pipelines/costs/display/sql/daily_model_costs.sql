-- The stored cost of each model on one tenant's UTC days [first, end): the agents' rows add up to the
-- day.
SELECT
    summary.period_start AS day,
    model.name,
    sum((phase.figures ->> 'cost_millicents')::numeric) AS cost_millicents
FROM cost_summaries AS summary
CROSS JOIN LATERAL jsonb_each(
    loopctl_pipelines.as_object(summary.model_breakdown)
) AS model (name, phases)
CROSS JOIN LATERAL jsonb_each(loopctl_pipelines.as_object(model.phases)) AS phase (name, figures)
WHERE summary.tenant_id = %(tenant_id)s
  AND summary.scope_type = 'agent'
  AND summary.period_start >= %(first)s
  AND summary.period_start < %(end)s
  AND jsonb_typeof(phase.figures -> 'cost_millicents') = 'number'
GROUP BY summary.period_start, model.name
