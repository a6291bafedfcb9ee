-- and the rows of runs that were deleted before they began
DELETE FROM loopctl_run_heartbeats
WHERE
  run_id = %(run_id)s
  OR (NOT is_worker AND looked_at < clock_timestamp() - interval '7 days')
