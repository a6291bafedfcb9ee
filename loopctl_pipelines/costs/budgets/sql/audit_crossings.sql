INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, new_state, metadata
)
SELECT
    %(tenant_id)s,
    'token_budget',
    crossing.budget_id,
    'threshold_crossed',
    'system',
    crossing.new_state,
    crossing.metadata
FROM jsonb_to_recordset(%(crossings)s::jsonb) AS crossing (
    budget_id uuid, new_state jsonb, metadata jsonb
)
ON CONFLICT DO NOTHING
