-- Ids of results of an asset's checks. Of each check, partition and status the latest stays, if the
-- partition exists: Dagster asks for the latest that has ended, too.
SELECT execution.id
FROM (
    SELECT
        id,
        run_id,
        partition,
        evaluation_event_timestamp,
        max(id) OVER (PARTITION BY check_name, partition, execution_status) AS latest
    FROM asset_check_executions
    WHERE asset_key = %(asset_key)s
) AS execution
WHERE (execution.id < execution.latest OR execution.partition < %(first_key)s COLLATE "C")
  AND execution.evaluation_event_timestamp < %(before)s
  AND execution.run_id <> ALL (%(unfinished)s::text[])
ORDER BY execution.id
LIMIT %(rows)s
