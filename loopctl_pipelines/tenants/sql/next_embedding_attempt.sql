-- When the first of the articles that wait is to be tried again.
SELECT min(next_attempt_at)
FROM loopctl_pipelines.embedding_states
WHERE next_attempt_at IS NOT NULL
