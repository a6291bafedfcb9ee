-- Gives articles their vectors; they are locked, and their text is known to be the embedded one.
UPDATE articles AS article
SET embedding = made.vector,
    embedding_content_hash = made.content_hash
FROM unnest(%(article_ids)s::uuid[], %(content_hashes)s::text[]) AS wanted (article_id, content_hash)
INNER JOIN unnest(%(vector_hashes)s::text[], %(vectors)b::vector[]) AS made (content_hash, vector)
    ON made.content_hash = wanted.content_hash
WHERE article.tenant_id = %(tenant_id)s
  AND article.id = wanted.article_id
-- as text: a sharded PostgreSQL returns no xid
RETURNING article.id, article.xmin::text AS row_version, wanted.content_hash
