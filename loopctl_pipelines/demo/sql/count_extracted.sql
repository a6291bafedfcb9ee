-- One tenant's documents and reviews, what they have become, and what still waits.
SELECT
    (
        SELECT count(DISTINCT content_hash)
        FROM loopctl_pipelines.ingestion_requests
        WHERE tenant_id = %(tenant_id)s
          AND state = 'done'
    ) AS documents,
    (
        SELECT count(*)
        FROM loopctl_pipelines.extracted_reviews
        WHERE tenant_id = %(tenant_id)s
          AND state = 'done'
    ) AS reviews,
    (
        SELECT count(*)
        FROM articles
        WHERE tenant_id = %(tenant_id)s
          AND source_type IN ('ingestion', 'review_finding')
    ) AS articles,
    (
        SELECT count(*)
        FROM loopctl_pipelines.ingestion_requests
        WHERE tenant_id = %(tenant_id)s
          AND state = 'pending'
    ) AS waiting
