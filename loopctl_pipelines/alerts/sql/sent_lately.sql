SELECT count(*) FROM loopctl_pipelines.alert_messages
WHERE sent_at > now() - make_interval(secs => %(seconds)s)
