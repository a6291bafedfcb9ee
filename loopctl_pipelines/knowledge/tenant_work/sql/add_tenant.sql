-- The row that claim_tenant updates. Two statements, because a sharded PostgreSQL refuses now() in the
-- WHERE of ON CONFLICT.
INSERT INTO loopctl_pipelines.tenant_operations (tenant_id, operation)
VALUES (%(tenant_id)s, %(operation)s)
ON CONFLICT (tenant_id, operation) DO NOTHING
