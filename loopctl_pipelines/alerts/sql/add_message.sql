INSERT INTO loopctl_pipelines.alert_messages (message_id, run_id, created_at, next_attempt_at)
VALUES (%(message_id)s, %(run_id)s, now(), now())
ON CONFLICT DO NOTHING
