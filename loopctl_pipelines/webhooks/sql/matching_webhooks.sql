-- The active webhooks that want each event, by its place in the lists, which begins with 1.
SELECT
    event.place,
    webhook.id
FROM unnest(%(event_types)s::text[], %(project_ids)s::uuid[])
    WITH ORDINALITY AS event (event_type, project_id, place)
INNER JOIN webhooks AS webhook
    ON webhook.tenant_id = %(tenant_id)s
    AND webhook.active
    AND event.event_type = ANY(webhook.events)
    AND (webhook.project_id IS NULL OR webhook.project_id = event.project_id)
ORDER BY event.place, webhook.id
