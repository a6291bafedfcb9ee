-- What tenants were billed for today and yesterday (UTC). The join finds it by the index of each tenant.
SELECT
    event.tenant_id,
    date_trunc('day', event.occurred_at) AS day,
    event.operation,
    event.model,
    NULL::text AS source_type,
    sum(event.input_tokens)::bigint AS input_tokens,
    sum(event.output_tokens)::bigint AS output_tokens,
    count(*) AS event_count
FROM tenants
INNER JOIN llm_usage_events AS event
    ON event.tenant_id = tenants.id
    AND event.occurred_at >= %(first)s
GROUP BY 1, 2, 3, 4
