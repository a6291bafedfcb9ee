-- COPY cannot write to a table with row-level security, nor skip rows that are there already.
CREATE TEMP TABLE incoming_reports ON COMMIT DROP AS
SELECT
    id,
    tenant_id,
    story_id,
    agent_id,
    project_id,
    input_tokens,
    output_tokens,
    model_name,
    cost_millicents,
    phase,
    tool_call_count,
    inserted_at,
    deleted_at,
    corrects_report_id
FROM token_usage_reports
WITH NO DATA
