INSERT INTO audit_log (
    tenant_id, project_id, entity_type, entity_id, action, actor_type, actor_id, actor_label,
    old_state, new_state
)
VALUES (
    %(tenant_id)s, %(project_id)s, 'article', %(article_id)s, %(action)s, %(actor_type)s,
    %(actor_id)s, %(actor_label)s, %(old_state)s, %(new_state)s
)
