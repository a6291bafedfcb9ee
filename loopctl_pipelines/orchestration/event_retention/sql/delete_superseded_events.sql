-- One page of an asset's events of one kind, in the order of Dagster's index. Of each partition the
-- latest stays, if the partition exists, and the one from which a dependent's latest materialization
-- was computed: Dagster compares their versions. The page's last row is the first of the next page.
WITH page AS (
    SELECT
        found.id,
        found.partition,
        lead(found.partition) OVER (ORDER BY found.partition, found.id) AS next_partition,
        lead(found.id) OVER (ORDER BY found.partition, found.id) AS next_id
    FROM (
        SELECT
            id,
            partition
        FROM event_logs
        WHERE asset_key = %(asset_key)s
          AND dagster_event_type = %(kind)s
          AND partition IS NOT NULL
          AND (partition, id) >= (%(partition)s, %(id)s)
        ORDER BY partition, id
        LIMIT %(rows)s
    ) AS found
),

deleted AS (
    DELETE FROM event_logs
    USING page
    WHERE event_logs.id = page.id
      AND (
          page.partition < %(first_key)s COLLATE "C"
          OR (
              page.partition = page.next_partition
              AND NOT EXISTS (
                  SELECT
                  FROM unnest(%(dependents)s::text[]) AS dependent (asset_key)
                  WHERE (
                      SELECT max(latest.id)
                      FROM event_logs AS latest
                      WHERE latest.asset_key = dependent.asset_key
                        AND latest.dagster_event_type = 'ASSET_MATERIALIZATION'
                        AND latest.partition = page.partition
                  ) BETWEEN page.id AND page.next_id
              )
          )
      )
      AND event_logs.timestamp < %(before)s
      AND event_logs.run_id <> ALL (%(unfinished)s::text[])
    RETURNING event_logs.id
),

untagged AS (
    DELETE FROM asset_event_tags
    USING deleted
    WHERE asset_event_tags.event_id = deleted.id
)

SELECT
    page.partition,
    page.id,
    (SELECT count(*) FROM page) AS seen,
    (SELECT count(*) FROM deleted) AS deleted
FROM page
ORDER BY page.partition DESC, page.id DESC
LIMIT 1
