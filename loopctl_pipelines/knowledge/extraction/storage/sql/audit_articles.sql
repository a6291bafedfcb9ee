INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state
)
VALUES (
    %(tenant_id)s, 'article', %(source_id)s, %(action)s, 'system', %(actor_label)s, %(new_state)s
)
