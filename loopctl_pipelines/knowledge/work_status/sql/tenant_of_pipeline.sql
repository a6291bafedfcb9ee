-- A tenant's slug, and whether loopctl's own worker extracts from its reviews.
SELECT
    slug,
    settings ->> 'knowledge_auto_extract' IS DISTINCT FROM 'false' AS loopctl_extracts
FROM tenants
WHERE id = %(tenant_id)s
