-- The articles that have one of these keys. One that was archived before its source was handed in again
-- does not keep the text from being extracted once more, under another key.
SELECT
    idempotency_key,
    id,
    status NOT IN ('archived', 'superseded') OR inserted_at >= %(handed_in_at)s AS is_current
FROM articles
WHERE tenant_id = %(tenant_id)s
  AND idempotency_key = ANY(%(idempotency_keys)s::text[])
