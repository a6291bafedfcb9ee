-- When the next document or review that waits is due.
SELECT least(
    (
        SELECT min(next_attempt_at)
        FROM loopctl_pipelines.ingestion_requests
        WHERE state = 'pending'
          AND next_attempt_at > now()
    ),
    (
        SELECT min(next_attempt_at)
        FROM loopctl_pipelines.extracted_reviews
        WHERE state = 'pending'
          AND next_attempt_at > now()
    )
)
