WITH deleted AS (
    DELETE FROM bulk_actions
    WHERE key = ANY (%(keys)s::text[])
    RETURNING key
),

untagged AS (
    DELETE FROM backfill_tags
    USING deleted
    WHERE backfill_tags.backfill_id = deleted.key
)

SELECT count(*) AS deleted
FROM deleted
