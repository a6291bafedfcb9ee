-- Claims an attempt before it is made; no row: another process has claimed it.
UPDATE loopctl_pipelines.alert_messages
SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => %(seconds)s)
WHERE message_id = %(message_id)s AND state = 'waiting' AND attempts = %(attempts)s
RETURNING attempts
