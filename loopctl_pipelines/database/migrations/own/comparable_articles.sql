-- The articles whose vectors can be compared, each with the space of its vector: only vectors of the same
-- model and dimension can. An article whose embedding failed is left out, because its state names the space
-- of the vector that is missing. The view reads the tables with the rights of the caller.
CREATE OR REPLACE VIEW loopctl_pipelines.comparable_articles WITH (security_invoker = true) AS
SELECT
    article.tenant_id,
    article.id,
    article.project_id,
    article.embedding,
    state.model,
    state.dimension,
    coalesce(article.embedding_content_hash, '') AS content_hash
FROM articles AS article
INNER JOIN loopctl_pipelines.embedding_states AS state
    ON state.tenant_id = article.tenant_id
    AND state.article_id = article.id
WHERE article.status = 'published'
  AND article.embedding IS NOT NULL
  AND state.failure IS NULL;
