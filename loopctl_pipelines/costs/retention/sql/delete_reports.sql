-- Deletes a batch of reports that were soft-deleted long ago. A report that another one corrects stays
-- until the correction is deleted: the foreign key would reject the delete.
WITH batch AS (
    SELECT report.id
    FROM token_usage_reports AS report
    WHERE report.tenant_id = %(tenant_id)s
      AND report.deleted_at >= %(since)s
      AND report.deleted_at < %(before)s
      AND NOT EXISTS (
          SELECT FROM token_usage_reports AS correction
          WHERE correction.tenant_id = report.tenant_id
            AND correction.corrects_report_id = report.id
      )
    ORDER BY report.deleted_at
    LIMIT %(batch)s
),

deleted AS (
    DELETE FROM token_usage_reports
    WHERE tenant_id = %(tenant_id)s
      AND id IN (SELECT id FROM batch)
    RETURNING deleted_at
)

SELECT count(*) AS done, max(deleted_at) AS last, 0 AS late
FROM deleted
