-- Some events of one kind of an asset without partitions; the latest of them stays.
WITH superseded AS (
    SELECT id
    FROM event_logs
    WHERE asset_key = %(asset_key)s
      AND dagster_event_type = %(kind)s
      AND id < (
          SELECT max(latest.id)
          FROM event_logs AS latest
          WHERE latest.asset_key = %(asset_key)s AND latest.dagster_event_type = %(kind)s
      )
      AND timestamp < %(before)s
      AND run_id <> ALL (%(unfinished)s::text[])
    ORDER BY id
    LIMIT %(rows)s
),

deleted AS (
    DELETE FROM event_logs
    USING superseded
    WHERE event_logs.id = superseded.id
    RETURNING event_logs.id
),

untagged AS (
    DELETE FROM asset_event_tags
    USING deleted
    WHERE asset_event_tags.event_id = deleted.id
)

SELECT count(*) AS deleted
FROM deleted
