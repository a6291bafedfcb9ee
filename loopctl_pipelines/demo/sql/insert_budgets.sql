INSERT INTO token_budgets (
    id, tenant_id, scope_type, scope_id, budget_millicents, inserted_at, updated_at
)
SELECT
    id,
    tenant_id,
    scope_type,
    scope_id,
    budget_millicents,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS budget (
    id uuid,
    tenant_id uuid,
    scope_type text,
    scope_id uuid,
    budget_millicents bigint,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
