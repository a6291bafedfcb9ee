INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state
)
SELECT
    %(tenant_id)s,
    'article',
    article_id,
    'article.embedding_updated',
    'system',
    'worker:embedding',
    jsonb_build_object('embedding_dimensions', %(dimension)s::integer)
FROM unnest(%(article_ids)s::uuid[]) AS written (article_id)
-- no row conflicts, but without this clause a sharded PostgreSQL would refuse the statement
ON CONFLICT DO NOTHING
