-- loopctl's delivery jobs: it retries a delivery by a new job, so each has one attempt.
INSERT INTO oban_jobs (queue, worker, args, max_attempts, state)
SELECT
    'webhooks',
    'Loopctl.Workers.WebhookDeliveryWorker',
    jsonb_build_object('webhook_event_id', event.id, 'tenant_id', %(tenant_id)s::uuid),
    1,
    'available'
FROM unnest(%(ids)s::uuid[]) AS event (id)
ON CONFLICT DO NOTHING
