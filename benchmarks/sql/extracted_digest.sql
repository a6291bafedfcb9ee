-- How many articles there are, and what they say.
SELECT
    count(*),
    sum(hashtextextended(concat_ws('/', tenant_id, title, body, idempotency_key), 0))
FROM articles
