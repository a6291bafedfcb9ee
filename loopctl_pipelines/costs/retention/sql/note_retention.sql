-- Adds the rows of a batch to the counts that are yet to be audited, in the batch's own transaction.
INSERT INTO loopctl_pipelines.unaudited_retention AS stored (
    tenant_id, reports_soft_deleted, reports_hard_deleted, anomalies_archived
)
VALUES (%(tenant_id)s, %(archive_reports)s, %(delete_reports)s, %(archive_anomalies)s)
ON CONFLICT (tenant_id) DO UPDATE SET
    reports_soft_deleted = stored.reports_soft_deleted + excluded.reports_soft_deleted,
    reports_hard_deleted = stored.reports_hard_deleted + excluded.reports_hard_deleted,
    anomalies_archived = stored.anomalies_archived + excluded.anomalies_archived
