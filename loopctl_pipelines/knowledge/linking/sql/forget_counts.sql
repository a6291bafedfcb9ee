-- The counts are audited; the row stays, as the record that the tenant has articles here.
UPDATE loopctl_pipelines.linking_tenants
SET articles = 0,
    added = 0,
    updated = 0,
    removed = 0
WHERE tenant_id = %(tenant_id)s
  AND articles + added + updated + removed > 0
