INSERT INTO llm_usage_events (
    id, tenant_id, operation, model, input_tokens, output_tokens, source_type, occurred_at
)
VALUES (
    gen_random_uuid(), %(tenant_id)s, 'extraction', %(model)s, %(input_tokens)s, %(output_tokens)s,
    'ingestion', now() AT TIME ZONE 'UTC'
)
