-- A run that is resumed works on its tenants again, so it has finished none of them.
DELETE FROM loopctl_pipelines.finished_tenants
WHERE operation = %(operation)s
  AND run_id = %(run_id)s
