-- The newest drafts that were extracted from reviews or documents, by loopctl or here.
SELECT
    id,
    title,
    source_id,
    inserted_at
FROM articles
WHERE tenant_id = %(tenant_id)s
  AND status = 'draft'
  AND (source_type = 'review_finding' OR starts_with(idempotency_key, 'ingest:'))
ORDER BY inserted_at DESC, id DESC
LIMIT %(drafts)s
