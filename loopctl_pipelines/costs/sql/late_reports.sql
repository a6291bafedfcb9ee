-- One tenant, UTC days [first, end) that are archived: how many reports of each are live and count.
-- One that another report corrects is not late: it stays until its correction's day is archived.
SELECT
    report.day,
    count(*) AS reports
FROM loopctl_pipelines.live_reports AS report
WHERE report.tenant_id = %(tenant_id)s
  -- as timestamps: row-level security lets no index compare a timestamp with a date
  AND report.inserted_at >= %(first)s::timestamp
  AND report.inserted_at < %(end)s::timestamp
  AND NOT EXISTS (
      SELECT FROM token_usage_reports AS correction
      WHERE correction.tenant_id = report.tenant_id
        AND correction.corrects_report_id = report.id
  )
GROUP BY report.day
