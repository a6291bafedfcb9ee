-- The articles of one tenant that a query of words finds, the best first, from a place on, and how many it
-- finds. The rank is divided by the logarithm of the length. All words of a text rank by how close together
-- they are; any of them by which and how many there are. Under row-level security the index of words could not
-- be used, because its operator is not leakproof: so ids and ranks alone are read outside it.
WITH matching AS MATERIALIZED (
    SELECT
        article.id,
        CASE
            WHEN %(any_word)s THEN ts_rank(article.search_vector, %(query)s::tsquery, 1)
            ELSE ts_rank_cd(article.search_vector, %(query)s::tsquery, 1)
        END AS rank
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
          %(sees_all)s
          OR coalesce(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
          OR article.metadata ->> 'agent_id' = %(agent_id)s
      )
),

page AS MATERIALIZED (
    SELECT
        id,
        rank
    FROM matching
    ORDER BY rank DESC, id ASC
    LIMIT %(limit)s
    OFFSET %(offset)s
)

SELECT
    (SELECT count(*) FROM matching) AS total,
    coalesce((SELECT array_agg(id ORDER BY rank DESC, id ASC) FROM page), '{}') AS ids,
    coalesce((SELECT array_agg(rank ORDER BY rank DESC, id ASC) FROM page), '{}') AS ranks
