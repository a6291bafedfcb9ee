-- Whether pgvector is on the server, and whether the articles, which have vectors, are in the database.
SELECT
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector'),
    to_regclass('public.articles') IS NOT NULL
