-- The ids are those that a new row gets; what has the name already keeps its own.
CREATE TEMP TABLE incoming_usage (
    report_id uuid,
    agent_id uuid,
    agent_name text,
    project_id uuid,
    project_slug text,
    project_name text,
    epic_id uuid,
    epic_title text,
    story_id uuid,
    story_title text,
    model_name text,
    used_at timestamp,
    cost_millicents bigint,
    input_tokens bigint,
    output_tokens bigint
) ON COMMIT DROP
