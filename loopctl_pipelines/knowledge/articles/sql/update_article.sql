-- The time of the change is the article's version, so it grows in any case.
UPDATE articles
SET
    title = %(title)s,
    body = %(body)s,
    category = %(category)s,
    status = %(status)s,
    tags = %(tags)s,
    metadata = %(metadata)s,
    project_id = %(project_id)s,
    updated_at = greatest(now() AT TIME ZONE 'UTC', updated_at + interval '1 microsecond')
WHERE tenant_id = %(tenant_id)s
  AND id = %(article_id)s
