-- One page of the articles near a vector, fused by rank with articles that a query of words has found. All is
-- of one snapshot: what is no longer visible of those articles is left out. The vector index is used where
-- the tenant has many articles: it gives almost the right order, and a 0 that is added to a distance makes
-- the planner sort. Vectors of another space are never compared.
WITH visible AS NOT MATERIALIZED (
    SELECT
        article.tenant_id,
        article.id,
        article.embedding
    FROM articles AS article
    WHERE article.tenant_id = %(tenant_id)s
      AND article.status = 'published'
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

searchable AS NOT MATERIALIZED (
    SELECT
        visible.id,
        visible.embedding
    FROM visible
    INNER JOIN loopctl_pipelines.embedding_states AS state
        ON state.tenant_id = %(tenant_id)s
        AND state.article_id = visible.id
    WHERE visible.embedding IS NOT NULL
      AND state.failure IS NULL
      AND state.model = %(model)s
      AND state.dimension = %(dimension)s
),

found AS (
    (
        SELECT
            id,
            embedding <=> %(vector)s::vector AS distance
        FROM searchable
        WHERE NOT %(in_index)s
        ORDER BY (embedding <=> %(vector)s::vector) + 0, id
        LIMIT %(pool)s
    )
    UNION ALL
    (
        SELECT
            id,
            embedding <=> %(vector)s::vector AS distance
        FROM searchable
        WHERE %(in_index)s
        ORDER BY embedding <=> %(vector)s::vector
        LIMIT %(scanned)s
    )
),

nearest AS MATERIALIZED (
    SELECT
        id,
        distance,
        row_number() OVER (ORDER BY distance + 0, id) AS place
    FROM found
    ORDER BY distance + 0, id
    LIMIT %(pool)s
),

scored AS (
    SELECT
        id,
        CASE
            WHEN %(fused)s THEN %(weight)s::float8 / (%(constant)s + place)
            ELSE 1 - distance
        END AS score
    FROM nearest
    UNION ALL
    SELECT
        visible.id,
        word.weight / (%(constant)s + row_number() OVER (ORDER BY word.place)) AS score
    FROM unnest(%(ids)s::uuid[], %(weights)s::float8[]) WITH ORDINALITY AS word (id, weight, place)
    INNER JOIN visible ON visible.id = word.id
),

ranked AS MATERIALIZED (
    SELECT
        id,
        sum(score) AS score
    FROM scored
    GROUP BY id
),

page AS (
    SELECT
        id,
        score
    FROM ranked
    ORDER BY score DESC, id ASC
    LIMIT %(limit)s
    OFFSET %(offset)s
),

item AS (
    SELECT
        article.id,
        article.title,
        article.category,
        article.tags,
        page.score,
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
    ORDER BY page.score DESC, page.id ASC
)

SELECT
    (SELECT count(*) FROM ranked) AS total,
    (SELECT count(*) FROM nearest) AS near,
    (
        SELECT count(*)
        FROM (SELECT FROM searchable WHERE NOT %(fused)s LIMIT %(countable)s) AS countable
    ) AS comparable,
    coalesce((SELECT json_agg(item) FROM item), '[]')::text AS items
