-- How many articles have a vector, and what they have, whoever wrote it.
SELECT
    count(*),
    sum(hashtextextended(embedding::text, 0))
FROM articles
WHERE embedding IS NOT NULL
