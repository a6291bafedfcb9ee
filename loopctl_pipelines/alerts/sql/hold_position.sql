-- Takes the lease of the one process that examines runs and sends; no row: another process has it.
UPDATE loopctl_pipelines.alert_position
SET held_until = now() + make_interval(secs => %(seconds)s)
WHERE held_until IS NULL OR held_until < now()
RETURNING since, examined_until, examined_runs
