-- The reference's upsert of one row.
INSERT INTO cost_summaries (
    id, tenant_id, scope_type, scope_id, period_start, period_end,
    total_input_tokens, total_output_tokens, total_cost_millicents, report_count,
    model_breakdown, avg_cost_per_story_millicents, stale, inserted_at, updated_at
)
VALUES (
    %(id)s, %(tenant_id)s, %(scope_type)s, %(scope_id)s, %(day)s, %(day)s,
    %(input_tokens)s, %(output_tokens)s, %(cost_millicents)s, %(reports)s,
    %(breakdown)s, %(average)s, false, %(now)s, %(now)s
)
ON CONFLICT (tenant_id, scope_type, scope_id, period_start) DO UPDATE SET
    period_end = excluded.period_end,
    total_input_tokens = excluded.total_input_tokens,
    total_output_tokens = excluded.total_output_tokens,
    total_cost_millicents = excluded.total_cost_millicents,
    report_count = excluded.report_count,
    model_breakdown = excluded.model_breakdown,
    avg_cost_per_story_millicents = excluded.avg_cost_per_story_millicents,
    stale = excluded.stale,
    updated_at = excluded.updated_at
