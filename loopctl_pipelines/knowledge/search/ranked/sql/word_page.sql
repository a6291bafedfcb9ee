-- The articles with these ids that are still to be seen, in the order of their ranks.
WITH item AS (
    SELECT
        article.id,
        article.title,
        article.category,
        article.tags,
        word.rank AS score,
        CASE
            WHEN length(headline.text) > 300 THEN left(headline.text, 300) || '...'
            ELSE headline.text
        END AS snippet
    FROM unnest(%(ids)s::uuid[], %(ranks)s::real[]) AS word (id, rank)
    INNER JOIN articles AS article
        ON article.tenant_id = %(tenant_id)s
        AND article.id = word.id
        AND article.status = 'published'
        AND (
            %(sees_all)s
            OR coalesce(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
            OR article.metadata ->> 'agent_id' = %(agent_id)s
        )
    CROSS JOIN LATERAL (
        SELECT ts_headline(
            'english',
            left(article.body, %(body_characters)s),
            %(query)s::tsquery,
            'StartSel=**, StopSel=**, MinWords=15, MaxWords=35'
        ) AS text
    ) AS headline
    ORDER BY word.rank DESC, word.id ASC
)

SELECT coalesce(json_agg(item), '[]')::text AS items
FROM item
