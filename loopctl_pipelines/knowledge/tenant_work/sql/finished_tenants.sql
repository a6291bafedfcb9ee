SELECT
    run_id,
    tenant_id
FROM loopctl_pipelines.finished_tenants
WHERE operation = %(operation)s
  AND run_id = ANY(%(run_ids)s::text[])
