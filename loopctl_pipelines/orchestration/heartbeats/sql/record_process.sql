-- a worker replaces whatever is there; a process that only requests a run replaces no worker
INSERT INTO loopctl_run_heartbeats (run_id, host, pid, started, is_worker)
VALUES (%(run_id)s, %(host)s, %(pid)s, %(started)s, %(is_worker)s)
ON CONFLICT (run_id) DO UPDATE
SET
  host = excluded.host,
  pid = excluded.pid,
  started = excluded.started,
  is_worker = excluded.is_worker,
  silent_seconds = 0,
  looked_at = excluded.looked_at
WHERE excluded.is_worker OR NOT loopctl_run_heartbeats.is_worker
