-- Removes unwritten vectors that an article has by now, and those that no run has needed for a week.
DELETE FROM loopctl_pipelines.unwritten_vectors AS unwritten
WHERE unwritten.tenant_id = %(tenant_id)s
  AND (
      unwritten.kept_at < now() - interval '7 days'
      OR EXISTS (
          SELECT FROM loopctl_pipelines.embedding_states AS state
          WHERE state.tenant_id = unwritten.tenant_id
            AND state.content_hash = unwritten.content_hash
            AND state.failure IS NULL
      )
  )
