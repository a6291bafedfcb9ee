-- Removes what is old: a run is not examined again so much later.
DELETE FROM loopctl_pipelines.alert_messages
WHERE state <> 'waiting' AND created_at < now() - interval '90 days'
