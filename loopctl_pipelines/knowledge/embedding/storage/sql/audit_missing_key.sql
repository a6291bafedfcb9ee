-- At most one audit row per tenant and UTC day, however many runs find no key: loopctl's rule.
WITH first_today AS (
    INSERT INTO loopctl_pipelines.tenant_operations AS tenant (
        tenant_id, operation, missing_key_audited_on
    )
    VALUES (%(tenant_id)s, 'embedding', (now() AT TIME ZONE 'UTC')::date)
    ON CONFLICT (tenant_id, operation) DO UPDATE SET
        missing_key_audited_on = excluded.missing_key_audited_on
    WHERE tenant.missing_key_audited_on IS DISTINCT FROM excluded.missing_key_audited_on
    RETURNING tenant.tenant_id
)

INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state
)
SELECT
    tenant_id,
    'llm_config',
    tenant_id,
    'llm.blocked_no_api_key',
    'system',
    'llm',
    '{"operation": "embedding"}'
FROM first_today
-- no row conflicts, but without this clause a sharded PostgreSQL would refuse the statement
ON CONFLICT DO NOTHING
