-- The runs of these messages are covered by another message.
UPDATE loopctl_pipelines.alert_messages
SET state = 'grouped', grouped_into = %(message_id)s
WHERE message_id = ANY(%(grouped)s) AND state = 'waiting' AND attempts = 0
