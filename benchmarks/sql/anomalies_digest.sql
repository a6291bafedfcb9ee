SELECT
    count(*),
    COALESCE(sum(hashtextextended(
        concat_ws(
            '/', tenant_id, story_id, anomaly_type, story_cost_millicents,
            reference_avg_millicents, deviation_factor
        ), 0
    )), 0),
    (SELECT count(*) FROM audit_log)
FROM cost_anomalies
