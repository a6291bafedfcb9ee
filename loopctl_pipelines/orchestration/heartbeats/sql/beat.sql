-- Returns the runs that are still this process's: the others were ended by somebody else.
-- Dagster's table of runs decides that: a lost row of this table is written again.
INSERT INTO loopctl_run_heartbeats AS known (run_id, host, pid, started, is_worker)
SELECT
  run_id,
  %(host)s,
  %(pid)s,
  %(started)s,
  true
FROM runs
WHERE run_id = ANY(%(run_ids)s) AND status <> ALL(%(ends)s)
ON CONFLICT (run_id) DO UPDATE
SET
  host = excluded.host,
  pid = excluded.pid,
  started = excluded.started,
  is_worker = true,
  silent_seconds = 0,
  looked_at = excluded.looked_at
WHERE
  NOT known.is_worker
  OR (
    known.host = excluded.host
    AND known.pid = excluded.pid
    AND known.started = excluded.started
  )
RETURNING run_id
