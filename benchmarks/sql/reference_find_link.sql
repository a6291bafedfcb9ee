SELECT id
FROM article_links
WHERE tenant_id = %(tenant_id)s
  AND relationship_type = %(type)s
  AND (
      (source_article_id = %(source)s AND target_article_id = %(target)s)
      OR (source_article_id = %(target)s AND target_article_id = %(source)s)
  )
