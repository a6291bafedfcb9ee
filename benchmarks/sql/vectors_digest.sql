-- How many articles have a vector, and what they have.
SELECT
    count(*),
    sum(hashtextextended(embedding::text, 0))
FROM articles
WHERE embedding IS NOT NULL
