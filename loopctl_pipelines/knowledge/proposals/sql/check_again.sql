INSERT INTO loopctl_pipelines.unchecked_proposals (tenant_id, article_id, created_at)
VALUES (%(tenant_id)s, %(article_id)s, now())
ON CONFLICT DO NOTHING
