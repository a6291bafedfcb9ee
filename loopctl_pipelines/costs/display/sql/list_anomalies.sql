-- One tenant's anomalies, by latest day first, then by costliest deviation. If `resolved` is null, all
-- are listed, archived ones included.
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
    anomaly.metadata ->> 'baseline' AS baseline
FROM cost_anomalies AS anomaly
LEFT JOIN stories AS story
    ON story.tenant_id = anomaly.tenant_id
    AND story.id = anomaly.story_id
WHERE anomaly.tenant_id = %(tenant_id)s
  AND (
      %(resolved)s::boolean IS NULL
      OR (anomaly.resolved = %(resolved)s AND NOT anomaly.archived)
  )
ORDER BY period DESC NULLS LAST, anomaly.deviation_factor DESC, anomaly.id
