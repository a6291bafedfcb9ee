-- What was unpublished, by the gate or by others, is done; all else once no article is pending.
DELETE FROM loopctl_pipelines.unchecked_proposals AS proposal
WHERE proposal.tenant_id = %(tenant_id)s
  AND (
      proposal.article_id = ANY(%(article_ids)s::uuid[])
      OR NOT EXISTS (
          SELECT
          FROM articles AS article
          WHERE article.tenant_id = %(tenant_id)s
            AND article.id = proposal.article_id
            AND article.status = 'published'
      )
      OR NOT (
          EXISTS (
              SELECT
              FROM loopctl_pipelines.pending_articles AS pending
              WHERE pending.tenant_id = %(tenant_id)s
          )
          OR EXISTS (
              SELECT
              FROM loopctl_pipelines.embedding_states AS state
              WHERE state.tenant_id = %(tenant_id)s
                AND state.next_attempt_at IS NOT NULL
          )
      )
  )
