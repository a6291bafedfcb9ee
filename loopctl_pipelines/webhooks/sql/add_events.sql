INSERT INTO webhook_events (
    id, tenant_id, webhook_id, event_type, payload, status, inserted_at, updated_at
)
SELECT
    event.id,
    %(tenant_id)s,
    event.webhook_id,
    event.event_type,
    event.payload,
    'pending',
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM unnest(
    %(ids)s::uuid[], %(webhook_ids)s::uuid[], %(event_types)s::text[], %(payloads)s::jsonb[]
) AS event (id, webhook_id, event_type, payload)
ON CONFLICT DO NOTHING
