-- Soft-deletes a batch of reports of days that are archived. One that is corrected on a later day
-- stays until that day is archived too: without it, that day would lose its correction.
WITH batch AS (
    SELECT report.id
    FROM token_usage_reports AS report
    WHERE report.tenant_id = %(tenant_id)s
      AND report.inserted_at >= %(since)s
      AND report.inserted_at < %(before)s
      AND report.deleted_at IS NULL
      AND NOT EXISTS (
          SELECT FROM token_usage_reports AS correction
          WHERE correction.tenant_id = report.tenant_id
            AND correction.corrects_report_id = report.id
            AND correction.inserted_at >= %(before)s
            AND correction.deleted_at IS NULL
      )
    ORDER BY report.inserted_at
    LIMIT %(batch)s
),

archived AS (
    UPDATE token_usage_reports
    SET deleted_at = now() AT TIME ZONE 'UTC',
        updated_at = now() AT TIME ZONE 'UTC'
    WHERE tenant_id = %(tenant_id)s
      AND id IN (SELECT id FROM batch)
      -- another run may have been faster
      AND deleted_at IS NULL
    RETURNING inserted_at
)

SELECT count(*) AS done, max(inserted_at) AS last
FROM archived
