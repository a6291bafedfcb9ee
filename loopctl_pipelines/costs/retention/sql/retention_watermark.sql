-- The day before which a tenant's costs are archived: by us, or by loopctl's own weekly job, which its
-- audit row shows. That job cuts at a time of day, so the day that it cut counts as archived.
SELECT GREATEST(
    (
        SELECT archived_before
        FROM loopctl_pipelines.archived_days
        WHERE tenant_id = %(tenant_id)s
    ),
    (
        SELECT max(inserted_at::date - (new_state ->> 'retention_days')::integer) + 1
        FROM audit_log
        WHERE tenant_id = %(tenant_id)s
          AND entity_type = 'token_data_archival'
          AND entity_id = %(tenant_id)s
          AND action = 'archival_run'
          AND actor_label IS DISTINCT FROM %(actor_label)s
          AND new_state ->> 'reports_soft_deleted' > '0'
    )
)
