SELECT
    (
        SELECT count(*)
        FROM loopctl_pipelines.ingestion_requests
        WHERE tenant_id = %(tenant_id)s
          AND state = 'pending'
          AND (next_attempt_at IS NULL OR next_attempt_at <= now())
    ) AS documents,
    (
        SELECT count(*)
        FROM loopctl_pipelines.ingestion_requests
        WHERE tenant_id = %(tenant_id)s
          AND state = 'pending'
          AND next_attempt_at > now()
    ) AS waiting
