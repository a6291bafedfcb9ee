-- returns the runs that are still this process's: the others were ended by somebody else
UPDATE loopctl_run_heartbeats
SET
  silent_seconds = 0,
  looked_at = clock_timestamp()
WHERE
  run_id = ANY(%(run_ids)s)
  AND host = %(host)s
  AND pid = %(pid)s
  AND started = %(started)s
RETURNING run_id
