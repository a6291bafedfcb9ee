-- The latest messages, the latest first.
SELECT
    message_id,
    run_id,
    state,
    attempts,
    cardinality(accepted) AS accepted,
    created_at,
    next_attempt_at
FROM loopctl_pipelines.alert_messages
ORDER BY created_at DESC, message_id
LIMIT %(most)s
