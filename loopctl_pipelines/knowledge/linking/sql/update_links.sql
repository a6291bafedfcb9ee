UPDATE article_links AS link
SET metadata = link.metadata || jsonb_build_object('similarity_score', wanted.similarity)
FROM unnest(%(ids)s::uuid[], %(similarities)s::numeric[]) AS wanted (id, similarity)
WHERE link.tenant_id = %(tenant_id)s
  AND link.id = wanted.id
