-- An article as it is, locked until the end of the transaction: two changes of it follow each other.
SELECT
    article.id,
    article.title,
    article.body,
    article.category,
    article.status,
    article.tags,
    article.metadata,
    article.project_id,
    to_char(article.updated_at, 'YYYYMMDDHH24MISSUS') AS version
FROM articles AS article
WHERE article.tenant_id = %(tenant_id)s
  AND article.id = %(article_id)s
FOR NO KEY UPDATE
