INSERT INTO llm_usage_events (
    id, tenant_id, operation, model, input_tokens, output_tokens, source_type, article_id, occurred_at
)
VALUES (
    gen_random_uuid(), %(tenant_id)s, 'embedding', %(model)s, %(tokens)s, 0, 'article',
    %(article_id)s, now() AT TIME ZONE 'UTC'
)
