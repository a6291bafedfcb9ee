-- The links of these articles, in both directions, of the types that similarity makes.
SELECT
    link.id,
    link.source_article_id AS source,
    link.target_article_id AS target,
    link.relationship_type AS type,
    link.metadata @> '{"auto_generated": true}' AS is_system,
    link.metadata -> 'similarity_score' AS similarity
FROM article_links AS link
WHERE link.tenant_id = %(tenant_id)s
  AND link.relationship_type = ANY(%(types)s::text[])
  AND (
      link.source_article_id = ANY(%(article_ids)s::uuid[])
      OR link.target_article_id = ANY(%(article_ids)s::uuid[])
  )
ORDER BY link.id
