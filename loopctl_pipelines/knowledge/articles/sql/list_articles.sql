-- One page of a tenant's articles, and how many there are in all: one statement, so both are of the same
-- snapshot. With bodies, the page ends before the body that would make it too large, but never before its
-- first article.
WITH matching AS MATERIALIZED (
    SELECT
        article.id,
        article.inserted_at
    FROM articles AS article
    WHERE article.tenant_id = %(tenant_id)s
      AND (%(project_id)s::uuid IS NULL OR article.project_id = %(project_id)s)
      AND (%(category)s::text IS NULL OR article.category = %(category)s)
      AND (%(status)s::text IS NULL OR article.status = %(status)s)
      AND (%(any_tags)s::text[] IS NULL OR article.tags && %(any_tags)s::varchar[])
      AND (%(all_tags)s::text[] IS NULL OR article.tags @> %(all_tags)s::varchar[])
      AND (%(source_type)s::text IS NULL OR article.source_type = %(source_type)s)
      AND (%(source_id)s::uuid IS NULL OR article.source_id = %(source_id)s)
      AND (%(idempotency_key)s::text IS NULL OR article.idempotency_key = %(idempotency_key)s)
      AND (
          %(sees_all)s
          OR COALESCE(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
          OR article.metadata ->> 'agent_id' = %(agent_id)s
      )
),

page AS MATERIALIZED (
    SELECT
        id,
        inserted_at
    FROM matching
    ORDER BY inserted_at DESC, id
    LIMIT %(limit)s
    OFFSET %(offset)s
),

sized AS (
    SELECT
        article.*,
        row_number() OVER newest_first AS place,
        sum(octet_length(article.body)) OVER newest_first AS body_bytes
    FROM page
    INNER JOIN articles AS article
        ON article.tenant_id = %(tenant_id)s
        AND article.id = page.id
    WINDOW newest_first AS (ORDER BY page.inserted_at DESC, page.id)
),

item AS (
    SELECT
        place,
        jsonb_build_object(
            'id', id,
            'tenant_id', tenant_id,
            'project_id', project_id,
            'title', title,
            'category', category,
            'status', status,
            'tags', tags,
            'source_type', source_type,
            'source_id', source_id,
            'idempotency_key', idempotency_key,
            'metadata', metadata,
            'inserted_at', to_char(inserted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'updated_at', to_char(updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        )
        || CASE
            WHEN %(most_body_bytes)s::bigint IS NULL THEN '{}'::jsonb
            ELSE jsonb_build_object('body', body)
        END AS shown
    FROM sized
    WHERE %(most_body_bytes)s::bigint IS NULL
       OR body_bytes <= %(most_body_bytes)s
       OR place = 1
)

SELECT
    (SELECT count(*) FROM matching) AS total,
    COALESCE((SELECT json_agg(item.shown ORDER BY item.place) FROM item), '[]')::text AS items,
    (SELECT count(*) FROM item) < (SELECT count(*) FROM page) AS is_cut
