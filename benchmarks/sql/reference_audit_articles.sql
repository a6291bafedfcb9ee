INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state
)
VALUES (
    %(tenant_id)s, 'article', %(source_id)s, 'knowledge.content_ingested', 'system',
    'worker:content_ingestion', jsonb_build_object('article_count', %(count)s::integer)
)
