-- Removes what is stored about the articles of tenants that no longer exist. Every tenant that was ever
-- linked has a row in linking_tenants, so the far longer linked_articles is not searched.
WITH gone AS (
    DELETE FROM loopctl_pipelines.linking_tenants AS run
    WHERE NOT EXISTS (
        SELECT FROM tenants
        WHERE tenants.id = run.tenant_id
    )
    RETURNING run.tenant_id
)

DELETE FROM loopctl_pipelines.linked_articles AS linked
USING gone
WHERE linked.tenant_id = gone.tenant_id
