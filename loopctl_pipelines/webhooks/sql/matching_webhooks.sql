SELECT id
FROM webhooks
WHERE tenant_id = %(tenant_id)s
  AND active
  AND %(event_type)s = ANY(events)
  AND (project_id IS NULL OR project_id = %(project_id)s)
ORDER BY id
