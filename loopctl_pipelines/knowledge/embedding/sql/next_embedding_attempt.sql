-- When the next of the articles that wait comes due. One that is due already is pending, or it was
-- unpublished or deleted meanwhile, or its tenant suspended: nothing is waited for any more.
SELECT min(next_attempt_at)
FROM loopctl_pipelines.embedding_states
WHERE next_attempt_at > now()
