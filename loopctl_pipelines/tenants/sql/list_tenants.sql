SELECT
    id,
    slug,
    name,
    status
FROM tenants
ORDER BY slug
