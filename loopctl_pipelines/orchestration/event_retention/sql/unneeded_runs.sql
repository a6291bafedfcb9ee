-- Ended runs of our jobs to which nothing that stays refers: no event of an asset, no result of a
-- check, no asset's latest run, no run that repeated it, no backfill that goes on.
SELECT runs.run_id
FROM runs
WHERE runs.pipeline_name = ANY (%(jobs)s::text[])
  AND runs.status = ANY (%(ends)s::text[])
  AND coalesce(runs.end_time, extract(EPOCH FROM runs.update_timestamp)) < extract(
      EPOCH FROM %(before)s::timestamp
  )
  AND NOT EXISTS (
      SELECT
      FROM run_tags AS place
      WHERE place.run_id = runs.run_id
        AND place.key = '.dagster/repository'
        AND place.value IS DISTINCT FROM (
            SELECT own.value
            FROM run_tags AS own
            WHERE own.run_id = %(asking)s AND own.key = '.dagster/repository'
        )
  )
  AND NOT EXISTS (
      SELECT
      FROM event_logs
      WHERE event_logs.run_id = runs.run_id AND event_logs.asset_key IS NOT NULL
  )
  AND NOT EXISTS (
      SELECT
      FROM asset_check_executions AS execution
      WHERE execution.run_id = runs.run_id
  )
  AND NOT EXISTS (
      SELECT
      FROM asset_keys
      WHERE asset_keys.last_run_id = runs.run_id
  )
  AND NOT EXISTS (
      SELECT
      FROM run_tags AS repeated
      WHERE repeated.key IN ('dagster/parent_run_id', 'dagster/root_run_id')
        AND repeated.value = runs.run_id
        AND repeated.run_id <> runs.run_id
  )
  AND NOT EXISTS (
      SELECT
      FROM bulk_actions AS backfill
      WHERE backfill.key = runs.backfill_id AND backfill.status <> ALL (%(backfill_ends)s::text[])
  )
ORDER BY runs.id DESC
LIMIT %(rows)s
