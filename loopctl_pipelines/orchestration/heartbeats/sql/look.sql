-- Silence is counted in looks, because only while somebody looks the database is known to answer:
-- an outage of any length adds no more than one look does.
INSERT INTO loopctl_run_heartbeats AS known (run_id)
SELECT unnest(%(run_ids)s::text[])
ON CONFLICT (run_id) DO UPDATE
SET
  silent_seconds
  = known.silent_seconds
  + greatest(0, least(extract(EPOCH FROM excluded.looked_at - known.looked_at), %(most_seconds)s)),
  looked_at = excluded.looked_at
RETURNING run_id, host, pid, started, is_worker, silent_seconds
