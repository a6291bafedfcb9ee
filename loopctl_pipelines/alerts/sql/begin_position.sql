-- The first evaluation switches alerts on; what is older is not alerted.
INSERT INTO loopctl_pipelines.alert_position (since, examined_until) VALUES (now(), now())
ON CONFLICT DO NOTHING
