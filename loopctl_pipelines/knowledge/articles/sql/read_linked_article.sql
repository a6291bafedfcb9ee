-- An article with its links and its open conflicts: those that nobody has given a verdict on. Links to
-- articles that the caller does not see are left out.
WITH shown AS (
    SELECT article.*
    FROM articles AS article
    WHERE article.tenant_id = %(tenant_id)s
      AND article.id = %(article_id)s
      AND (
          %(sees_all)s
          OR COALESCE(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
          OR article.metadata ->> 'agent_id' = %(agent_id)s
      )
),

linked AS (
    SELECT
        link.id,
        link.relationship_type,
        link.metadata,
        link.source_article_id = %(article_id)s AS is_outgoing,
        article.id AS article_id,
        article.title,
        article.status,
        json_build_object(
            'id', link.id,
            'article_id', article.id,
            'title', article.title,
            'relationship_type', link.relationship_type,
            'metadata', link.metadata
        ) AS shown
    FROM article_links AS link
    INNER JOIN articles AS article
        ON article.tenant_id = %(tenant_id)s
        AND article.id IN (link.source_article_id, link.target_article_id)
        AND article.id <> %(article_id)s
    WHERE link.tenant_id = %(tenant_id)s
      AND %(article_id)s IN (link.source_article_id, link.target_article_id)
      AND (
          %(sees_all)s
          OR COALESCE(article.metadata ->> 'visibility', '') NOT IN ('private', 'owner')
          OR article.metadata ->> 'agent_id' = %(agent_id)s
      )
),

item AS (
    SELECT
        shown.id,
        shown.tenant_id,
        shown.project_id,
        shown.title,
        shown.body,
        shown.category,
        shown.status,
        shown.tags,
        shown.source_type,
        shown.source_id,
        shown.idempotency_key,
        shown.metadata,
        to_char(shown.inserted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS inserted_at,
        to_char(shown.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at,
        COALESCE(
            (
                SELECT json_agg(linked.shown ORDER BY linked.id)
                FROM linked
                WHERE linked.is_outgoing
            ),
            '[]'
        ) AS outgoing_links,
        COALESCE(
            (
                SELECT json_agg(linked.shown ORDER BY linked.id)
                FROM linked
                WHERE NOT linked.is_outgoing
            ),
            '[]'
        ) AS incoming_links,
        COALESCE(
            (
                SELECT json_agg(
                    json_build_object(
                        'article_id', linked.article_id,
                        'title', linked.title,
                        'similarity', linked.metadata -> 'similarity_score'
                    )
                    ORDER BY linked.id
                )
                FROM linked
                WHERE linked.relationship_type = 'potential_conflict'
                  AND linked.status = 'published'
                  AND NOT EXISTS (
                      SELECT FROM conflict_resolutions AS verdict
                      WHERE verdict.tenant_id = %(tenant_id)s
                        AND (
                            (
                                verdict.source_article_id = %(article_id)s
                                AND verdict.target_article_id = linked.article_id
                            )
                            OR (
                                verdict.source_article_id = linked.article_id
                                AND verdict.target_article_id = %(article_id)s
                            )
                        )
                  )
            ),
            '[]'
        ) AS potential_conflicts
    FROM shown
)

SELECT
    row_to_json(item)::text AS item,
    to_char(shown.updated_at, 'YYYYMMDDHH24MISSUS') AS version
FROM item
CROSS JOIN shown
