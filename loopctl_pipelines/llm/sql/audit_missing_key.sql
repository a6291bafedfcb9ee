-- At most one audit row per tenant, UTC day and operation, however many runs find no key: loopctl's
-- rule. The role need not read the log: the row's key, id and time, is made of the day it is about.
INSERT INTO audit_log (
    id,
    tenant_id,
    entity_type,
    entity_id,
    action,
    actor_type,
    actor_label,
    new_state,
    inserted_at
)
VALUES (
    md5(
        'llm.blocked_no_api_key/' || %(tenant_id)s::uuid || '/' || %(operation)s::text
        || '/' || extract(EPOCH FROM date_trunc('day', now() AT TIME ZONE 'UTC'))
    )::uuid,
    %(tenant_id)s,
    'llm_config',
    %(tenant_id)s,
    'llm.blocked_no_api_key',
    'system',
    'llm',
    json_build_object('operation', %(operation)s::text),
    date_trunc('day', now() AT TIME ZONE 'UTC')
)
ON CONFLICT DO NOTHING
