-- The pairs of these articles that have a verdict, in the order in which the verdict names them.
SELECT
    source_article_id,
    target_article_id
FROM conflict_resolutions
WHERE tenant_id = %(tenant_id)s
  AND (
      source_article_id = ANY(%(article_ids)s::uuid[])
      OR target_article_id = ANY(%(article_ids)s::uuid[])
  )
