-- A message and those that it covers as well, the oldest first.
SELECT message_id, run_id FROM loopctl_pipelines.alert_messages
WHERE message_id = %(message_id)s OR grouped_into = %(message_id)s
ORDER BY created_at, message_id
