-- Writes one audit row per tenant and run, if a link was changed. The work of a run that was killed before
-- this statement is in the next run's row.
INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state
)
SELECT
    tenant_id,
    'article',
    tenant_id,
    'knowledge.articles_linked',
    'system',
    'worker:article_linking',
    jsonb_build_object(
        'article_count', articles,
        'new_link_count', added,
        'updated_link_count', updated,
        'removed_link_count', removed
    )
FROM loopctl_pipelines.linking_tenants
WHERE tenant_id = %(tenant_id)s
  AND added + updated + removed > 0
-- no row conflicts, but without this clause a sharded PostgreSQL would refuse the statement
ON CONFLICT DO NOTHING
