-- The tenant's project with this id or slug; an id takes precedence over a slug that looks like one.
SELECT project.id
FROM projects AS project
WHERE project.tenant_id = %(tenant_id)s
    AND (project.id::text = lower(%(project)s) OR project.slug = %(project)s)
ORDER BY project.id::text = lower(%(project)s) DESC
LIMIT 1
