COPY incoming_reports (
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
) FROM STDIN
