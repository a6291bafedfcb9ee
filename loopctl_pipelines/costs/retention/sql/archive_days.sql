-- Declares a tenant's UTC days before this one archived. The day never moves back.
INSERT INTO loopctl_pipelines.archived_days AS stored (tenant_id, archived_before, updated_at)
VALUES (%(tenant_id)s, %(archived_before)s, now())
ON CONFLICT (tenant_id) DO UPDATE SET
    archived_before = excluded.archived_before,
    updated_at = excluded.updated_at
WHERE stored.archived_before < excluded.archived_before
