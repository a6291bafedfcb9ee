-- The costliest anomalies of a tenant that these messages are about.
SELECT
    anomaly.metadata ->> 'period' AS period,
    anomaly.anomaly_type,
    COALESCE(story.title, '') AS title,
    anomaly.story_cost_millicents,
    anomaly.deviation_factor
FROM loopctl_pipelines.alerted_findings AS finding
INNER JOIN cost_anomalies AS anomaly
    ON anomaly.tenant_id = finding.tenant_id AND anomaly.id = finding.finding_id
LEFT JOIN stories AS story
    ON story.tenant_id = anomaly.tenant_id AND story.id = anomaly.story_id
WHERE finding.tenant_id = %(tenant_id)s
  AND finding.message_id = ANY(%(message_ids)s)
  AND finding.kind = 'anomaly'
ORDER BY anomaly.story_cost_millicents DESC, anomaly.id
LIMIT %(most)s
