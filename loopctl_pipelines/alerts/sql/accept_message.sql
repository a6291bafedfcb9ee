-- Notes that a target has accepted the message, and when the first one did.
UPDATE loopctl_pipelines.alert_messages
SET
    accepted = accepted || %(target)s::integer,
    sent_at = CASE WHEN sent_at IS NULL THEN %(now)s ELSE sent_at END
WHERE message_id = %(message_id)s AND NOT accepted @> ARRAY[%(target)s::integer]
