-- Soft-deletes a batch of reports of archived days. A report that is corrected on a later day stays until
-- that day is archived too: without it, that day would lose its correction.
-- Late reports are counted separately: those of days that were final before this run. The view knows only
-- the current archived day, which this run has advanced over days whose reports are summarized.
WITH batch AS (
    SELECT
        report.id,
        report.inserted_at < %(final_before)s
        -- by key for each report; EXISTS may be planned as a hash of all that are late
        AND (
            SELECT true
            FROM loopctl_pipelines.late_reports AS late
            WHERE late.tenant_id = report.tenant_id
              AND late.id = report.id
        ) AS is_late
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
    UPDATE token_usage_reports AS report
    SET deleted_at = now() AT TIME ZONE 'UTC',
        updated_at = now() AT TIME ZONE 'UTC'
    FROM batch
    WHERE report.tenant_id = %(tenant_id)s
      AND report.id = batch.id
      -- another run may have archived it first
      AND report.deleted_at IS NULL
    RETURNING report.inserted_at, batch.is_late
)

SELECT count(*) AS done, max(inserted_at) AS last, count(*) FILTER (WHERE is_late) AS late
FROM archived
