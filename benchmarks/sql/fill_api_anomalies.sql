-- One open anomaly a story, in no order of time; every tenth is suspiciously low.
INSERT INTO cost_anomalies (
    id, tenant_id, story_id, anomaly_type, story_cost_millicents, reference_avg_millicents,
    deviation_factor, metadata, inserted_at, updated_at
)
SELECT
    md5('api anomaly ' || %(name)s::text || number)::uuid,
    md5('api tenant ' || %(name)s::text)::uuid,
    md5('api story ' || %(name)s::text || number)::uuid,
    CASE WHEN number %% 10 = 0 THEN 'suspiciously_low' ELSE 'high_cost' END,
    50000,
    10000,
    5.00,
    '{"period": "2026-04-02", "baseline": "epic_average", "stories": 7}',
    timestamp '2026-01-01' + abs(hashint8(number)) %% 7776000 * interval '1 second',
    '2026-04-02'
FROM generate_series(1, %(anomalies)s) AS number
