-- Which of these tenants have a budget, or an open anomaly of a budget that they had.
SELECT tenant.id
FROM tenants AS tenant
WHERE tenant.id = ANY(%(tenant_ids)s)
  AND (
      tenant.default_story_budget_millicents > 0
      OR EXISTS (
          SELECT FROM token_budgets AS budget
          WHERE budget.tenant_id = tenant.id
      )
      OR EXISTS (
          SELECT FROM cost_anomalies AS anomaly
          WHERE anomaly.tenant_id = tenant.id
            AND anomaly.anomaly_type = 'budget_exceeded'
            AND NOT anomaly.resolved
      )
  )
