-- One page of the evaluations of checks in the log of runs. `asset_check_executions` holds each of
-- them once more, and Dagster shows results of checks from there.
WITH page AS (
    SELECT
        id,
        run_id,
        timestamp
    FROM event_logs
    WHERE dagster_event_type = %(kind)s AND id > %(id)s
    ORDER BY id
    LIMIT %(rows)s
),

deleted AS (
    DELETE FROM event_logs
    USING page, runs
    WHERE event_logs.id = page.id
      AND page.timestamp < %(before)s
      AND page.run_id <> ALL (%(unfinished)s::text[])
      AND runs.run_id = page.run_id
      AND runs.pipeline_name = ANY (%(jobs)s::text[])
      AND NOT EXISTS (
          SELECT
          FROM run_tags AS place
          WHERE place.run_id = page.run_id
            AND place.key = '.dagster/repository'
            AND place.value IS DISTINCT FROM (
                SELECT own.value
                FROM run_tags AS own
                WHERE own.run_id = %(asking)s AND own.key = '.dagster/repository'
            )
      )
    RETURNING event_logs.id
)

SELECT
    max(page.id) AS id,
    count(*) AS seen,
    count(*) FILTER (WHERE page.timestamp < %(before)s) AS old,
    (SELECT count(*) FROM deleted) AS deleted
FROM page
