-- Writes one audit row per tenant and run, as loopctl's own job does, if anything was changed. The work of
-- a run that was killed before this statement is in the next run's row.
WITH done AS (
    DELETE FROM loopctl_pipelines.unaudited_retention
    WHERE tenant_id = %(tenant_id)s
    RETURNING reports_soft_deleted, reports_hard_deleted, anomalies_archived
)

INSERT INTO audit_log (
    tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state, metadata
)
SELECT
    %(tenant_id)s, 'token_data_archival', %(tenant_id)s, 'archival_run', 'system', %(actor_label)s,
    shown, shown
FROM (
    SELECT jsonb_build_object(
        'retention_days', %(retention_days)s::integer,
        'reports_soft_deleted', reports_soft_deleted,
        'reports_hard_deleted', reports_hard_deleted,
        'anomalies_archived', anomalies_archived
    ) AS shown
    FROM done
) AS audited
ON CONFLICT DO NOTHING
