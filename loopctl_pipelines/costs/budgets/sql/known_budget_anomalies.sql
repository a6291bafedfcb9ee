-- One tenant's anomalies that a check of the budgets may change: all open ones of stories over budget,
-- and the resolved ones of these stories.
SELECT
    id,
    story_id,
    anomaly_type,
    story_cost_millicents AS cost,
    reference_avg_millicents AS reference,
    deviation_factor AS factor,
    resolved,
    archived,
    loopctl_pipelines.as_object(metadata) AS metadata
FROM cost_anomalies
WHERE tenant_id = %(tenant_id)s
  AND anomaly_type = 'budget_exceeded'
  AND (NOT resolved OR story_id = ANY(%(stories)s))
