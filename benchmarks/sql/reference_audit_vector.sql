INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state
)
VALUES (
    %(tenant_id)s, 'article', %(article_id)s, 'article.embedding_updated', 'system',
    'worker:embedding', '{"embedding_dimensions": 1536}'
)
