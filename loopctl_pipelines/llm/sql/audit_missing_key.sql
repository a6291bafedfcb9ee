-- At most one audit row per tenant, UTC day and operation, however many runs find no key: loopctl's
-- rule. The day is kept in our own table, because the role need not read the log.
WITH first_today AS (
    INSERT INTO loopctl_pipelines.tenant_operations AS tenant (
        tenant_id, operation, missing_key_audited_on
    )
    VALUES (%(tenant_id)s, %(operation)s, (now() AT TIME ZONE 'UTC')::date)
    ON CONFLICT (tenant_id, operation) DO UPDATE SET
        missing_key_audited_on = excluded.missing_key_audited_on
    WHERE tenant.missing_key_audited_on IS DISTINCT FROM excluded.missing_key_audited_on
    RETURNING tenant.tenant_id, tenant.operation
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
    json_build_object('operation', operation)
FROM first_today
-- no row conflicts, but without this clause a sharded PostgreSQL would refuse the statement
ON CONFLICT DO NOTHING
