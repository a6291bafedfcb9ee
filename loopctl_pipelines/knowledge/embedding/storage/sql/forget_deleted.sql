DELETE FROM loopctl_pipelines.embedding_states AS state
WHERE state.tenant_id = %(tenant_id)s
  AND NOT EXISTS (
      SELECT FROM articles AS article
      WHERE article.tenant_id = state.tenant_id
        AND article.id = state.article_id
  )
