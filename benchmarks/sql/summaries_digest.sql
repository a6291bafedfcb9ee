-- One value that is equal where all summaries are; how they were written is left out.
SELECT
    count(*),
    COALESCE(sum(hashtextextended(
        concat_ws(
            '/', tenant_id, scope_type, scope_id, period_start, period_end, total_input_tokens,
            total_output_tokens, total_cost_millicents, report_count, model_breakdown,
            avg_cost_per_story_millicents
        ), 0
    )), 0)
FROM cost_summaries
