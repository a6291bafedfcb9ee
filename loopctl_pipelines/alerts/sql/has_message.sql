SELECT FROM loopctl_pipelines.alert_messages WHERE message_id = %(message_id)s
