-- Documents and reviews of one tenant that wait after a failure, or have failed within some days: the latest
-- ones, and how many there are in all.
SELECT
    id,
    state = 'pending' AS is_waiting,
    failure,
    completed_at AS ended_at,
    count(*) OVER () AS total
FROM (
    SELECT
        id,
        state,
        failure,
        next_attempt_at,
        completed_at
    FROM loopctl_pipelines.ingestion_requests
    WHERE tenant_id = %(tenant_id)s
      AND failure IS NOT NULL
      AND (state = 'pending' OR completed_at >= now() - %(days)s * interval '1 day')
    UNION ALL
    SELECT
        review_id AS id,
        state,
        failure,
        next_attempt_at,
        completed_at
    FROM loopctl_pipelines.extracted_reviews
    WHERE tenant_id = %(tenant_id)s
      AND failure IS NOT NULL
      AND (state = 'pending' OR completed_at >= now() - %(days)s * interval '1 day')
) AS source
-- what waits comes first: when its last attempt was is not recorded
ORDER BY completed_at DESC NULLS FIRST, next_attempt_at DESC NULLS LAST, id
LIMIT %(errors)s
