-- One page of a tenant's summaries, the latest day first, and how many there are in all; made as in
-- list_anomalies.sql.
WITH matching AS MATERIALIZED (
    SELECT
        summary.id,
        summary.period_start,
        summary.scope_type,
        summary.scope_id
    FROM cost_summaries AS summary
    WHERE summary.tenant_id = %(tenant_id)s
      AND (%(scope_type)s::text IS NULL OR summary.scope_type = %(scope_type)s)
      AND (%(scope_id)s::uuid IS NULL OR summary.scope_id = %(scope_id)s)
      AND (%(first)s::date IS NULL OR summary.period_start >= %(first)s)
      AND (%(last)s::date IS NULL OR summary.period_start <= %(last)s)
),

counted AS MATERIALIZED (
    SELECT count(*) AS total FROM matching
),

place AS MATERIALIZED (
    SELECT
        least(%(offset)s::bigint, total) AS before,
        greatest(least(total - %(offset)s::bigint, %(page_size)s::bigint), 0) AS size,
        greatest(total - %(offset)s::bigint - %(page_size)s::bigint, 0) AS behind
    FROM counted
),

page AS (
    SELECT id, period_start, scope_type, scope_id
    FROM (
        (
            SELECT id, period_start, scope_type, scope_id
            FROM matching
            ORDER BY period_start DESC, scope_type ASC, scope_id ASC
            LIMIT (SELECT CASE WHEN before <= behind THEN size ELSE 0 END FROM place)
            OFFSET (SELECT before FROM place)
        )
        UNION ALL
        (
            SELECT id, period_start, scope_type, scope_id
            FROM matching
            ORDER BY period_start ASC, scope_type DESC, scope_id DESC
            LIMIT (SELECT CASE WHEN before <= behind THEN 0 ELSE size END FROM place)
            OFFSET (SELECT behind FROM place)
        )
    ) AS half
    LIMIT %(page_size)s
),

item AS (
    SELECT
        summary.id,
        summary.tenant_id,
        summary.scope_type,
        summary.scope_id,
        summary.period_start,
        summary.period_end,
        COALESCE(summary.total_input_tokens, 0) AS total_input_tokens,
        COALESCE(summary.total_output_tokens, 0) AS total_output_tokens,
        COALESCE(summary.total_cost_millicents, 0) AS total_cost_millicents,
        COALESCE(summary.report_count, 0) AS report_count,
        summary.avg_cost_per_story_millicents,
        COALESCE(summary.model_breakdown, '{}') AS model_breakdown,
        summary.stale,
        to_char(summary.inserted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS inserted_at,
        to_char(summary.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at
    FROM page
    INNER JOIN cost_summaries AS summary
        ON summary.tenant_id = %(tenant_id)s
        AND summary.id = page.id
    ORDER BY page.period_start DESC, page.scope_type ASC, page.scope_id ASC
)

SELECT
    total,
    COALESCE((SELECT json_agg(item) FROM item), '[]')::text AS items
FROM counted
