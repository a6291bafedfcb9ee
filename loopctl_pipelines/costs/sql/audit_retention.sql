-- Behaviour 6. One row a tenant and run, if there was anything to do.
INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state, metadata
)
VALUES (
    %(tenant_id)s, 'token_data_archival', %(tenant_id)s, 'archival_run', 'system', %(actor_label)s,
    %(done)s, %(done)s
)
