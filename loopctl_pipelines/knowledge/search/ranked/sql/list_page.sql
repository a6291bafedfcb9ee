-- One page of the articles that fit filters, the last changed first, and how many fit.
WITH matching AS MATERIALIZED (
    SELECT
        article.id,
        article.updated_at
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

page AS (
    SELECT
        id,
        updated_at
    FROM matching
    ORDER BY updated_at DESC, id ASC
    LIMIT %(limit)s
    OFFSET %(offset)s
),

item AS (
    SELECT
        article.id,
        article.title,
        article.category,
        article.tags
    FROM page
    INNER JOIN articles AS article
        ON article.tenant_id = %(tenant_id)s
        AND article.id = page.id
    ORDER BY page.updated_at DESC, page.id ASC
)

SELECT
    (SELECT count(*) FROM matching) AS total,
    coalesce((SELECT json_agg(item) FROM item), '[]')::text AS items
