-- Tags of one of Dagster's runs, by which runs are found, unless they are there.
INSERT INTO run_tags (run_id, key, value)
SELECT %(run_id)s, given.key, given.value
FROM jsonb_each_text(%(tags)s::jsonb) AS given (key, value)
WHERE NOT EXISTS (
    SELECT
    FROM run_tags
    WHERE run_tags.run_id = %(run_id)s
      AND run_tags.key = given.key
)
ON CONFLICT DO NOTHING
