-- One tenant's anomalies that a comparison of the UTC days from `first` on may change: the open
-- anomalies of those days, and all anomalies of these stories, open or resolved. `first` is an ISO date,
-- as the metadata have them: a date cast to text would have the form that DateStyle says.
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
  AND anomaly_type IN ('high_cost', 'suspiciously_low')
  AND (
      (NOT resolved AND metadata ->> 'period' >= %(first)s)
      OR story_id = ANY(%(stories)s)
  )
