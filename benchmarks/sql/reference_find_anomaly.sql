-- The reference looks for the open anomaly of each deviating story.
SELECT id
FROM cost_anomalies
WHERE tenant_id = %(tenant_id)s
  AND story_id = %(story_id)s
  AND anomaly_type = %(anomaly_type)s
  AND resolved = false
