COPY incoming_usage (
    report_id,
    agent_id,
    agent_name,
    project_id,
    project_slug,
    project_name,
    epic_id,
    epic_title,
    story_id,
    story_title,
    model_name,
    used_at,
    cost_millicents,
    input_tokens,
    output_tokens
) FROM STDIN
