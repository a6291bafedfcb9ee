SELECT
    id,
    ts_rank_cd(search_vector, websearch_to_tsquery('english', %(text)s), 1) AS rank
FROM articles
WHERE search_vector @@ websearch_to_tsquery('english', %(text)s)
ORDER BY rank DESC
LIMIT 100
