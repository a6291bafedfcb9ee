-- When the next waiting article is due. An article that is already due is either pending, or it was
-- unpublished or deleted meanwhile, or its tenant was suspended: there is nothing left to wait for.
SELECT min(next_attempt_at)
FROM loopctl_pipelines.embedding_states
WHERE next_attempt_at > now()
