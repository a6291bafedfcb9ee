-- Ends a request, or has it tried again later. The interval for completed_at is zero or null, because a
-- sharded PostgreSQL refuses now() inside CASE.
UPDATE loopctl_pipelines.ingestion_requests
SET state = %(state)s,
    failure = %(failure)s,
    attempts = %(attempts)s,
    next_attempt_at = now() + %(delay)s::interval,
    completed_at = now() + %(completed)s::interval,
    articles = %(articles)s,
    chunks = %(chunks)s,
    chunks_cut = %(chunks_cut)s,
    encrypted_address = CASE WHEN %(state)s::text = 'pending' THEN encrypted_address END
WHERE tenant_id = %(tenant_id)s
  AND id = %(id)s
  AND state = 'pending'
