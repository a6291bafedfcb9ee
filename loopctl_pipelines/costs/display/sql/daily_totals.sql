-- The stored totals of one tenant's UTC days [first, end): every report has exactly one agent, so the
-- agents' rows add up to the day.
SELECT
    period_start AS day,
    sum(report_count)::bigint AS reports,
    sum(total_input_tokens) AS input_tokens,
    sum(total_output_tokens) AS output_tokens,
    sum(total_cost_millicents) AS cost_millicents
FROM cost_summaries
WHERE tenant_id = %(tenant_id)s
  AND scope_type = 'agent'
  AND period_start >= %(first)s
  AND period_start < %(end)s
GROUP BY period_start
ORDER BY period_start
