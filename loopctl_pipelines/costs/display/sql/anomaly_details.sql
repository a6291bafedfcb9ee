-- One anomaly, with the epic of its story.
SELECT
    anomaly.id,
    anomaly.metadata ->> 'period' AS period,
    anomaly.story_id,
    COALESCE(story.title, '') AS story_title,
    anomaly.anomaly_type,
    anomaly.story_cost_millicents,
    anomaly.reference_avg_millicents,
    anomaly.deviation_factor,
    anomaly.resolved,
    anomaly.archived,
    anomaly.metadata ->> 'reason' AS reason,
    anomaly.metadata ->> 'baseline' AS baseline,
    loopctl_pipelines.as_object(anomaly.metadata) AS metadata,
    story.epic_id
FROM cost_anomalies AS anomaly
LEFT JOIN stories AS story
    ON story.tenant_id = anomaly.tenant_id
    AND story.id = anomaly.story_id
WHERE anomaly.tenant_id = %(tenant_id)s
  AND anomaly.id = %(anomaly_id)s
