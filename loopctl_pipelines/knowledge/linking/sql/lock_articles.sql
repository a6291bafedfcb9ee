-- Keeps published articles from being deleted until the end of the transaction, as the foreign keys of their
-- links would, but always in this order, so that two writers cannot deadlock.
SELECT id
FROM articles
WHERE tenant_id = %(tenant_id)s
  AND id = ANY(%(article_ids)s::uuid[])
  AND status = 'published'
ORDER BY id
FOR KEY SHARE
