INSERT INTO staged_vectors (id, embedding, content_hash)
SELECT
    id,
    vector,
    content_hash
FROM unnest(
    %(ids)s::uuid[],
    %(vectors)b::vector[],
    %(hashes)s::text[]
) AS staged (id, vector, content_hash)
