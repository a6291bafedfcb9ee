-- Alerts are off: the next evaluation that finds them on begins anew.
DELETE FROM loopctl_pipelines.alert_position
