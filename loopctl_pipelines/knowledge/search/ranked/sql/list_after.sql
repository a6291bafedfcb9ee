-- The next articles that fit filters, the oldest first, after a place in that order, and the last one's place.
WITH page AS MATERIALIZED (
    SELECT
        article.id,
        article.title,
        article.category,
        article.tags,
        article.body,
        article.inserted_at
    FROM articles AS article
    WHERE article.tenant_id = %(tenant_id)s
      AND article.status = 'published'
      AND (
          %(after_id)s::uuid IS NULL
          OR (article.inserted_at, article.id) > (%(after)s::timestamp, %(after_id)s::uuid)
      )
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
    ORDER BY article.inserted_at ASC, article.id ASC
    LIMIT %(limit)s
),

last AS (
    SELECT
        id,
        inserted_at
    FROM page
    ORDER BY inserted_at DESC, id DESC
    LIMIT 1
)

SELECT
    (SELECT count(*) FROM page) AS total,
    (SELECT inserted_at FROM last) AS last_inserted_at,
    (SELECT id FROM last) AS last_id,
    coalesce(
        (
            SELECT
                json_agg(
                    CASE
                        WHEN %(include_body)s
                            THEN json_build_object(
                                'id', id, 'title', title, 'category', category, 'tags', tags, 'body', body
                            )
                        ELSE json_build_object('id', id, 'title', title, 'category', category, 'tags', tags)
                    END
                    ORDER BY inserted_at, id
                )
            FROM page
        ),
        '[]'
    )::text AS items
