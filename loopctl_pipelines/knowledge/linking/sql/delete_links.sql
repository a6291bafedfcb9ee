DELETE FROM article_links
WHERE tenant_id = %(tenant_id)s
  AND id = ANY(%(ids)s::uuid[])
