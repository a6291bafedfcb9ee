-- Sets flags of one tenant's budgets that are still what they were when they were read, and returns
-- those. loopctl sets and clears the same flags.
UPDATE token_budgets AS budget
SET
    warning_fired = change.warned,
    exceeded_fired = change.exceeded,
    updated_at = now() AT TIME ZONE 'UTC'
FROM jsonb_to_recordset(%(changes)s::jsonb) AS change (
    id uuid, budget_millicents bigint, budget_input_tokens bigint, budget_output_tokens bigint,
    alert_threshold_pct integer, was_warned boolean, was_exceeded boolean, warned boolean,
    exceeded boolean
)
WHERE budget.tenant_id = %(tenant_id)s
  AND budget.id = change.id
  AND budget.warning_fired = change.was_warned
  AND budget.exceeded_fired = change.was_exceeded
  AND budget.budget_millicents = change.budget_millicents
  AND budget.budget_input_tokens IS NOT DISTINCT FROM change.budget_input_tokens
  AND budget.budget_output_tokens IS NOT DISTINCT FROM change.budget_output_tokens
  AND budget.alert_threshold_pct = change.alert_threshold_pct
RETURNING budget.id
