-- Adds the links that a batch changed to the counts that are yet to be audited, in the batch's transaction.
INSERT INTO loopctl_pipelines.linking_tenants AS stored (
    tenant_id, articles, added, updated, removed
)
VALUES (%(tenant_id)s, %(articles)s, %(added)s, %(updated)s, %(removed)s)
ON CONFLICT (tenant_id) DO UPDATE SET
    articles = stored.articles + excluded.articles,
    added = stored.added + excluded.added,
    updated = stored.updated + excluded.updated,
    removed = stored.removed + excluded.removed
