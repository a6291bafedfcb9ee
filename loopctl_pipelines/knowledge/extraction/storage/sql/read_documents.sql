-- The next documents that are due, oldest first, without their content.
SELECT
    id,
    source_type,
    project_id,
    publish,
    url,
    encrypted_address,
    content_hash,
    source_name,
    attempts,
    inserted_at
FROM loopctl_pipelines.ingestion_requests
WHERE tenant_id = %(tenant_id)s
  AND state = 'pending'
  AND (next_attempt_at IS NULL OR next_attempt_at <= now())
  AND (inserted_at, id) > (
      coalesce(%(after_time)s::timestamptz, '-infinity'),
      coalesce(%(after_id)s::uuid, '00000000-0000-0000-0000-000000000000')
  )
ORDER BY inserted_at, id
LIMIT %(documents)s
