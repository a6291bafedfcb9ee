INSERT INTO llm_usage_events (
    id, tenant_id, operation, model, input_tokens, output_tokens, source_type, article_id, occurred_at
)
VALUES (
    %(id)s, %(tenant_id)s, 'embedding', %(model)s, %(tokens)s, 0, 'article',
    %(article_id)s, now() AT TIME ZONE 'UTC'
)
-- the same request once more: its commit had been done, but the answer was lost
ON CONFLICT DO NOTHING
