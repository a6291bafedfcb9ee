-- Resolves one open anomaly of a tenant and audits it. Returns no row, and writes nothing, if there is
-- no such anomaly or if it is resolved already.
WITH resolved AS (
    UPDATE cost_anomalies
    SET resolved = true,
        updated_at = now() AT TIME ZONE 'UTC'
    WHERE tenant_id = %(tenant_id)s
      AND id = %(anomaly_id)s
      AND resolved = false
    RETURNING id, updated_at
),

audited AS (
    INSERT INTO audit_log (
        tenant_id, entity_type, entity_id, action, actor_type, actor_id, actor_label,
        old_state, new_state
    )
    SELECT
        %(tenant_id)s,
        'cost_anomaly',
        id,
        'resolved',
        %(actor_type)s,
        %(actor_id)s,
        %(actor_label)s,
        '{"resolved": false}',
        '{"resolved": true}'
    FROM resolved
    ON CONFLICT DO NOTHING
)

SELECT id, updated_at, true AS newly FROM resolved
