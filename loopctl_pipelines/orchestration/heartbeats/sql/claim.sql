-- of all that find a run dead, one ends it; and none if the run has given a sign meanwhile
DELETE FROM loopctl_run_heartbeats
WHERE
  run_id = %(run_id)s
  AND is_worker = %(is_worker)s
  AND started IS NOT DISTINCT FROM %(started)s
  AND silent_seconds >= %(silent_seconds)s
RETURNING run_id
