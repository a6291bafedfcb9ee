-- The request itself stays: what was made of it is listed longer than what it said.
UPDATE loopctl_pipelines.ingestion_requests
SET content = NULL
WHERE content IS NOT NULL
    AND completed_at < now() - make_interval(days => %(days)s)
