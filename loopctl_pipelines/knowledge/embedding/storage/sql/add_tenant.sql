-- The row that claim_tenant updates. Two statements, because a sharded PostgreSQL refuses now() in the
-- WHERE of ON CONFLICT.
INSERT INTO loopctl_pipelines.embedding_tenants (tenant_id)
VALUES (%(tenant_id)s)
ON CONFLICT (tenant_id) DO NOTHING
