-- What the other stories of an epic cost on the UTC days [first, end), from the cheapest to the
-- costliest. Of more than `most`, evenly many are returned, both ends included.
WITH costs AS (
    SELECT
        story_id,
        sum(cost_millicents) AS cost
    FROM loopctl_pipelines.live_reports
    WHERE tenant_id = %(tenant_id)s
      AND epic_id = %(epic_id)s
      AND story_id <> %(story_id)s
      -- as timestamps: row-level security lets no index compare a timestamp with a date
      AND inserted_at >= %(first)s::date::timestamp
      AND inserted_at < %(end)s::timestamp
    GROUP BY story_id
),

placed AS (
    SELECT
        cost,
        count(*) OVER () AS others,
        row_number() OVER (ORDER BY cost, story_id) - 1 AS place
    FROM costs
)

SELECT
    cost::bigint,
    others
FROM placed
WHERE others <= %(most)s
   OR place = others - 1
   OR place * (%(most)s - 1) / others <> (place - 1) * (%(most)s - 1) / others
   OR place = 0
ORDER BY place
