-- in the database of Dagster's storage: every process of an instance reaches it
CREATE TABLE IF NOT EXISTS loopctl_run_heartbeats (
  run_id text PRIMARY KEY,
  host text,
  pid integer,
  started text,
  is_worker boolean NOT NULL DEFAULT false,
  silent_seconds double precision NOT NULL DEFAULT 0,
  looked_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
)
