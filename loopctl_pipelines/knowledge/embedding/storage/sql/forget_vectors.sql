-- Removes kept vectors that some article has by now, and those that nobody has asked for in a week.
DELETE FROM loopctl_pipelines.unwritten_vectors AS kept
WHERE kept.tenant_id = %(tenant_id)s
  AND (
      kept.kept_at < now() - interval '7 days'
      OR EXISTS (
          SELECT FROM loopctl_pipelines.embedding_states AS state
          WHERE state.tenant_id = kept.tenant_id
            AND state.content_hash = kept.content_hash
            AND state.failure IS NULL
      )
  )
