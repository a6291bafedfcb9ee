-- A part of one tenant's billed requests, added up by UTC day, operation, model and kind of source, and how
-- many such sums there are in all. Without a part there is one row without a sum.
WITH summed AS (
    SELECT
        date_trunc('day', event.occurred_at) AS day,
        event.operation,
        event.model,
        event.source_type,
        sum(event.input_tokens)::bigint AS input_tokens,
        sum(event.output_tokens)::bigint AS output_tokens,
        count(*) AS event_count
    FROM llm_usage_events AS event
    WHERE event.tenant_id = %(tenant_id)s
      AND event.occurred_at >= %(first)s
      AND (%(last)s::timestamp IS NULL OR event.occurred_at <= %(last)s)
    GROUP BY 1, 2, 3, 4
),

counted AS (
    SELECT count(*) AS total FROM summed
),

part AS (
    SELECT
        day,
        operation,
        model,
        source_type,
        input_tokens,
        output_tokens,
        event_count
    FROM summed
    ORDER BY day DESC, operation, model, source_type
    LIMIT %(limit)s
    OFFSET %(offset)s
)

SELECT
    counted.total,
    part.*
FROM counted
LEFT JOIN part ON true
ORDER BY part.day DESC, part.operation, part.model, part.source_type
