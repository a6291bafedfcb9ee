-- One tenant's pairs of linked articles, and those that may contradict each other.
SELECT
    count(DISTINCT (pair.first, pair.last)) AS links,
    count(DISTINCT (pair.first, pair.last)) FILTER (
        WHERE relationship_type = 'potential_conflict'
    ) AS conflicts
FROM article_links
CROSS JOIN LATERAL (
    SELECT
        least(source_article_id, target_article_id),
        greatest(source_article_id, target_article_id)
) AS pair (first, last)
WHERE tenant_id = %(tenant_id)s
