INSERT INTO cost_anomalies (
    id, tenant_id, story_id, anomaly_type, story_cost_millicents, reference_avg_millicents,
    deviation_factor, resolved, metadata, inserted_at, updated_at, archived
)
VALUES (
    %(id)s, %(tenant_id)s, %(story_id)s, %(anomaly_type)s, %(cost)s, %(average)s,
    %(factor)s, false, '{}', %(now)s, %(now)s, false
)
ON CONFLICT (tenant_id, story_id, anomaly_type) WHERE resolved = false DO NOTHING
