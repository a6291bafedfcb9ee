-- and the rows of runs that were deleted
DELETE FROM loopctl_run_heartbeats
WHERE
  run_id = %(run_id)s
  OR looked_at < clock_timestamp() - interval '7 days'
