-- At most once a minute for a key. A row that another transaction has locked is left alone: it is
-- most likely noting the same use, and nobody waits for a timestamp.
UPDATE api_keys
SET last_used_at = now() AT TIME ZONE 'UTC'
WHERE id = (
    SELECT id
    FROM api_keys
    WHERE id = %(id)s
      AND (
          last_used_at IS NULL
          OR last_used_at < now() AT TIME ZONE 'UTC' - interval '1 minute'
      )
    FOR UPDATE SKIP LOCKED
)
