-- A part of one tenant's requests, the newest first, and how many there are in all. Without a part there is
-- one row without a request.
WITH counted AS (
    SELECT count(*) AS total
    FROM loopctl_pipelines.ingestion_requests AS request
    WHERE request.tenant_id = %(tenant_id)s
      AND (%(days)s::integer IS NULL OR request.inserted_at >= now() - %(days)s * interval '1 day')
),

part AS (
    SELECT
        request.id,
        request.state,
        request.source_type,
        request.url,
        request.content_hash,
        request.failure,
        request.attempts,
        request.articles,
        request.inserted_at,
        request.completed_at
    FROM loopctl_pipelines.ingestion_requests AS request
    WHERE request.tenant_id = %(tenant_id)s
      AND (%(days)s::integer IS NULL OR request.inserted_at >= now() - %(days)s * interval '1 day')
    ORDER BY request.inserted_at DESC, request.id DESC
    LIMIT %(limit)s
    OFFSET %(offset)s
)

SELECT
    counted.total,
    part.*
FROM counted
LEFT JOIN part ON true
ORDER BY part.inserted_at DESC, part.id DESC
