-- The messages that wait and are due, the oldest first.
SELECT
    message_id,
    run_id,
    attempts,
    accepted,
    created_at
FROM loopctl_pipelines.alert_messages
WHERE state = 'waiting'
  AND next_attempt_at <= now()
ORDER BY created_at, message_id
LIMIT 1000
