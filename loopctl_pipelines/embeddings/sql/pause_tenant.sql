-- Leaves the whole tenant alone for a while, or until its key changes.
INSERT INTO loopctl_pipelines.embedding_tenants AS tenant (
    tenant_id, pause, paused_until, paused_key
)
VALUES (%(tenant_id)s, %(failure)s, now() + %(delay)s, %(key_version)s)
ON CONFLICT (tenant_id) DO UPDATE SET
    pause = excluded.pause,
    paused_until = excluded.paused_until,
    paused_key = excluded.paused_key
