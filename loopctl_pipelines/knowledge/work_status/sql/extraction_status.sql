-- One tenant's documents and marked reviews, by what happens to them next.
SELECT
    count(*) FILTER (WHERE state = 'pending' AND is_due) AS pending,
    count(*) FILTER (WHERE state = 'pending' AND NOT is_due) AS waiting,
    count(*) FILTER (WHERE state = 'failed') AS set_aside,
    min(next_attempt_at) FILTER (WHERE state = 'pending' AND NOT is_due) AS next_attempt_at,
    string_agg(DISTINCT failure, ', ' ORDER BY failure) AS failures
FROM (
    SELECT
        state,
        failure,
        next_attempt_at,
        next_attempt_at IS NULL OR next_attempt_at <= now() AS is_due
    FROM loopctl_pipelines.ingestion_requests
    WHERE tenant_id = %(tenant_id)s
    UNION ALL
    SELECT
        state,
        failure,
        next_attempt_at,
        next_attempt_at IS NULL OR next_attempt_at <= now() AS is_due
    FROM loopctl_pipelines.extracted_reviews
    WHERE tenant_id = %(tenant_id)s
) AS source
