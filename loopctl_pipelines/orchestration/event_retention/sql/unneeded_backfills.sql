-- Ended backfills of which no run is left.
SELECT backfill.key
FROM bulk_actions AS backfill
WHERE backfill.status = ANY (%(backfill_ends)s::text[])
  AND backfill.timestamp < %(before)s
  AND NOT EXISTS (
      SELECT
      FROM runs
      WHERE runs.backfill_id = backfill.key
  )
ORDER BY backfill.id
