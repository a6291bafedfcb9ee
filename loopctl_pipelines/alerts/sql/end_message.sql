UPDATE loopctl_pipelines.alert_messages
SET state = %(state)s
WHERE message_id = %(message_id)s AND state = 'waiting'
