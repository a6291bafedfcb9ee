SELECT
    count(*) FILTER (WHERE status = 'published') AS published,
    count(*) FILTER (WHERE status = 'draft') AS drafts
FROM articles
WHERE tenant_id = %(tenant_id)s
  AND (source_type = 'review_finding' OR starts_with(idempotency_key, 'ingest:'))
