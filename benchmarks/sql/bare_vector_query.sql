SELECT id
FROM articles
ORDER BY embedding <=> %(vector)s::vector
LIMIT 100
