-- The article of the same key, whatever its state; else the draft or published one of the same title.
SELECT
    article.id,
    article.status,
    COALESCE(article.idempotency_key = %(idempotency_key)s, false) AS same_key,
    btrim(article.body, E' \t\n\r\f\x0b') = %(body)s AS same_text,
    article.metadata ->> 'visibility' AS visibility,
    article.metadata ->> 'agent_id' AS owner
FROM articles AS article
WHERE article.tenant_id = %(tenant_id)s
  AND (
      article.idempotency_key = %(idempotency_key)s
      OR (article.title = %(title)s AND article.status NOT IN ('archived', 'superseded'))
  )
ORDER BY same_key DESC
LIMIT 1
