SELECT body
FROM articles
WHERE tenant_id = %(tenant_id)s
  AND id = %(article_id)s
