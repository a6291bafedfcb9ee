-- Vectors as pgvector sends them: two 16-bit numbers, then the numbers of the vector as 32-bit floats. As
-- bytes, a block of them is one array without a conversion of each number.
SELECT
    id,
    vector_send(embedding) AS sent
FROM articles
WHERE tenant_id = %(tenant_id)s
  AND id = ANY(%(article_ids)s::uuid[])
  AND embedding IS NOT NULL
