-- Turns loopctl's own extraction of a tenant's reviews off: where both are on, both would pay.
UPDATE tenants
SET settings = coalesce(settings, '{}') || '{"knowledge_auto_extract": false}'
WHERE id = %(tenant_id)s
  AND settings ->> 'knowledge_auto_extract' IS DISTINCT FROM 'false'
