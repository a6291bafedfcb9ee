INSERT INTO audit_log (tenant_id, entity_type, entity_id, action, actor_type, new_state, metadata)
VALUES (
    %(tenant_id)s, 'cost_anomaly', %(id)s, 'detected', 'system', %(new_state)s, %(metadata)s
)
