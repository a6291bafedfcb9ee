-- One page of the articles that a query of words finds, the best first, how many it finds, and the ids of the
-- best. The rank is divided by the logarithm of the length. Only the page's own texts get a snippet.
WITH matching AS MATERIALIZED (
    SELECT
        article.id,
        ts_rank_cd(article.search_vector, %(query)s::tsquery, 1) AS rank
    FROM articles AS article
    WHERE article.tenant_id = %(tenant_id)s
      AND article.status = 'published'
      AND article.search_vector @@ %(query)s::tsquery
      AND (
          %(project_id)s::uuid IS NULL
          OR article.project_id IS NULL
          OR article.project_id = %(project_id)s::uuid
      )
      AND (%(category)s::text IS NULL OR article.category = %(category)s::text)
      AND (
          %(tags)s::varchar[] IS NULL
          OR (%(all_tags)s AND article.tags @> %(tags)s::varchar[])
          OR (NOT %(all_tags)s AND article.tags && %(tags)s::varchar[])
      )
      AND (
          NOT %(is_agent)s
          OR coalesce(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
          OR article.metadata ->> 'agent_id' = %(agent_id)s::text
      )
),

best AS MATERIALIZED (
    SELECT id
    FROM matching
    ORDER BY rank DESC, id ASC
    LIMIT %(candidates)s
),

page AS (
    SELECT
        id,
        rank
    FROM matching
    ORDER BY rank DESC, id ASC
    LIMIT %(limit)s
    OFFSET %(offset)s
),

item AS (
    SELECT
        article.id,
        article.title,
        article.category,
        article.tags,
        page.rank AS score,
        CASE
            WHEN length(headline.text) > 300 THEN left(headline.text, 300) || '...'
            ELSE headline.text
        END AS snippet
    FROM page
    INNER JOIN articles AS article
        ON article.tenant_id = %(tenant_id)s
        AND article.id = page.id
    CROSS JOIN LATERAL (
        SELECT ts_headline(
            'english',
            left(article.body, %(body_characters)s),
            %(query)s::tsquery,
            'StartSel=**, StopSel=**, MinWords=15, MaxWords=35'
        ) AS text
    ) AS headline
    ORDER BY page.rank DESC, page.id ASC
)

SELECT
    (SELECT count(*) FROM matching) AS total,
    ARRAY(SELECT id FROM best) AS ids,
    coalesce((SELECT json_agg(item) FROM item), '[]')::text AS items
