-- The articles that a run has to read; their text may turn out to be embedded already. The view reads the
-- tables with the rights of the caller, so a row is visible if its article is.
CREATE OR REPLACE VIEW loopctl_pipelines.pending_articles WITH (security_invoker = true) AS
SELECT
    article.tenant_id,
    article.id,
    article.inserted_at,
    article.title,
    article.body,
    article.xmin AS row_version,
    -- a hash without a vector says nothing
    CASE WHEN article.embedding IS NOT NULL THEN article.embedding_content_hash END AS stored_hash,
    state.failure,
    state.next_attempt_at,
    state.attempts,
    state.content_hash,
    state.key_version
FROM articles AS article
LEFT JOIN tenant_llm_settings AS settings
    ON settings.tenant_id = article.tenant_id
LEFT JOIN loopctl_pipelines.embedding_states AS state
    ON state.tenant_id = article.tenant_id
    AND state.article_id = article.id
WHERE article.tenant_id IS NOT NULL
  AND article.status = 'published'
  AND (
      state.article_id IS NULL
      OR state.row_version <> article.xmin
      -- loopctl's default; knowledge/embedding/texts/text.py has it too, and a test compares them
      OR state.model <> coalesce(settings.embedding_model, 'text-embedding-3-small')
      OR state.next_attempt_at <= now()
      -- set aside, or told to wait, with another key; other failures that are retried have no key
      OR (
          state.failure IS NOT NULL
          AND state.key_version IS DISTINCT FROM sha256(settings.embedding_api_key)
          AND (state.next_attempt_at IS NULL OR state.key_version IS NOT NULL)
      )
  );
