-- How many anomalies of each type these messages are about, by tenant: ids, types and counts only.
SELECT
    finding.tenant_id,
    anomaly.anomaly_type,
    count(*)::integer AS number,
    max(anomaly.story_cost_millicents) AS largest
FROM loopctl_pipelines.alerted_findings AS finding
INNER JOIN cost_anomalies AS anomaly
    ON anomaly.tenant_id = finding.tenant_id AND anomaly.id = finding.finding_id
WHERE finding.message_id = ANY(%(message_ids)s)
  AND finding.kind = 'anomaly'
GROUP BY finding.tenant_id, anomaly.anomaly_type
