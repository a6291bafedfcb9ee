-- One tenant, the UTC days [first, end): the number of late reports of each day.
SELECT
    day,
    count(*) AS reports
FROM loopctl_pipelines.late_reports
WHERE tenant_id = %(tenant_id)s
  -- as timestamps: row-level security lets no index compare a timestamp with a date
  AND inserted_at >= %(first)s::timestamp
  AND inserted_at < %(end)s::timestamp
GROUP BY day
