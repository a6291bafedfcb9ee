-- Keeps vectors that were paid for until their articles can be written.
INSERT INTO loopctl_pipelines.unwritten_vectors (tenant_id, content_hash, vector, kept_at)
SELECT
    %(tenant_id)s,
    content_hash,
    vector,
    now()
FROM unnest(%(vector_hashes)s::text[], %(vectors)b::vector[]) AS made (content_hash, vector)
ORDER BY content_hash
ON CONFLICT (tenant_id, content_hash) DO NOTHING
