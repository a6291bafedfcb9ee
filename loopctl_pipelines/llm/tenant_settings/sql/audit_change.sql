INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_id, actor_label, new_state
)
VALUES (
    %(tenant_id)s, 'llm_config', %(settings_id)s, %(action)s, %(actor_type)s, %(actor_id)s,
    %(actor_label)s, %(new_state)s
)
