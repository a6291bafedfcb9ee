UPDATE loopctl_pipelines.alert_position SET held_until = NULL
