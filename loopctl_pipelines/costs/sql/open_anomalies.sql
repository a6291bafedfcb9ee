-- One tenant's open anomalies, the worst first.
SELECT
    anomaly.id,
    (anomaly.metadata ->> 'period')::date AS day,
    anomaly.story_id,
    COALESCE(story.title, '') AS story_title,
    anomaly.anomaly_type,
    anomaly.story_cost_millicents,
    anomaly.reference_avg_millicents,
    anomaly.deviation_factor
FROM cost_anomalies AS anomaly
LEFT JOIN stories AS story
    ON story.tenant_id = anomaly.tenant_id
    AND story.id = anomaly.story_id
WHERE anomaly.tenant_id = %(tenant_id)s
  AND NOT anomaly.resolved
  AND NOT anomaly.archived
ORDER BY anomaly.deviation_factor DESC, anomaly.id
