-- The least that can be done: one statement writes vectors that are in the database already.
UPDATE articles
SET embedding = staged_vectors.embedding,
    embedding_content_hash = staged_vectors.content_hash
FROM staged_vectors
WHERE articles.id = staged_vectors.id
