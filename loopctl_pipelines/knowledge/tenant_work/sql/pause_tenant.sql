-- Pauses an operation for a whole tenant, for some time, or until its key changes.
INSERT INTO loopctl_pipelines.tenant_operations AS tenant (
    tenant_id, operation, pause, paused_until, paused_key, consecutive_pauses
)
VALUES (
    %(tenant_id)s, %(operation)s, %(failure)s, now() + %(delay)s, %(key_version)s, %(consecutive)s
)
ON CONFLICT (tenant_id, operation) DO UPDATE SET
    pause = excluded.pause,
    -- requests rejected at the same time may each name a delay: the longest one counts
    paused_until = CASE
        WHEN tenant.pause = excluded.pause
            AND tenant.paused_key IS NOT DISTINCT FROM excluded.paused_key
            THEN greatest(tenant.paused_until, excluded.paused_until)
        ELSE excluded.paused_until
    END,
    paused_key = excluded.paused_key,
    consecutive_pauses = excluded.consecutive_pauses
