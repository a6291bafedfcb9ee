INSERT INTO llm_usage_events (
    id,
    tenant_id,
    operation,
    model,
    input_tokens,
    output_tokens,
    source_type,
    article_id,
    occurred_at
)
VALUES (
    %(id)s,
    %(tenant_id)s,
    %(operation)s,
    %(model)s,
    %(input_tokens)s,
    %(output_tokens)s,
    %(source_type)s,
    %(article_id)s,
    now() AT TIME ZONE 'UTC'
)
-- A retry after a commit whose acknowledgement was lost writes the same id again.
ON CONFLICT DO NOTHING
