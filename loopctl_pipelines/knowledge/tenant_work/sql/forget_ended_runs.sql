DELETE FROM loopctl_pipelines.finished_tenants
WHERE operation = %(operation)s
  AND run_id <> ALL(%(run_ids)s::text[])
