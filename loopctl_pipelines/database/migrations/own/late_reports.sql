-- Live reports that are in no summary, because their day was archived before they arrived. A report that
-- another one corrects is not late: it stays, summarized, until its correction's day is archived. A report
-- that an interrupted retention run did not archive looks the same.
CREATE OR REPLACE VIEW loopctl_pipelines.late_reports WITH (security_invoker = true) AS
SELECT
    report.tenant_id,
    report.id,
    report.inserted_at,
    report.day
FROM loopctl_pipelines.live_reports AS report
INNER JOIN loopctl_pipelines.archived_days AS archived
    ON archived.tenant_id = report.tenant_id
    -- as timestamps: row-level security lets no index compare a timestamp with a date
    AND report.inserted_at < archived.archived_before::timestamp
WHERE NOT EXISTS (
    SELECT FROM token_usage_reports AS correction
    WHERE correction.tenant_id = report.tenant_id
      AND correction.corrects_report_id = report.id
);
