-- The provider has accepted a request: the next pause is the first of its row, and the present one is over,
-- where a person has not waited for its end.
UPDATE loopctl_pipelines.embedding_tenants
SET consecutive_pauses = 0,
    paused_until = least(paused_until, now())
WHERE tenant_id = %(tenant_id)s
  AND consecutive_pauses > 0
