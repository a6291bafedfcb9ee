UPDATE loopctl_pipelines.alert_position
SET examined_until = greatest(examined_until, %(until)s), examined_runs = %(runs)s
