-- One page of a tenant's anomalies, newest first, and how many there are in all: one statement that
-- reads the tenant's rows once, so both are of the same snapshot. A page of the second half is sorted
-- from the end: the last page then costs what the first does. Only the page's own rows are joined.
WITH matching AS MATERIALIZED (
    SELECT
        anomaly.id,
        anomaly.inserted_at
    FROM cost_anomalies AS anomaly
    WHERE anomaly.tenant_id = %(tenant_id)s
      AND anomaly.resolved = %(resolved)s
      AND (%(include_archived)s OR NOT anomaly.archived)
      AND (%(anomaly_type)s::text IS NULL OR anomaly.anomaly_type = %(anomaly_type)s)
      AND (
          %(project_id)s::uuid IS NULL
          OR EXISTS (
              SELECT FROM stories AS story
              WHERE story.tenant_id = %(tenant_id)s
                AND story.id = anomaly.story_id
                AND story.project_id = %(project_id)s
          )
      )
),

counted AS MATERIALIZED (
    SELECT count(*) AS total FROM matching
),

-- how many rows the page has, and how many lie before and behind it
place AS MATERIALIZED (
    SELECT
        least(%(offset)s::bigint, total) AS before,
        greatest(least(total - %(offset)s::bigint, %(page_size)s::bigint), 0) AS size,
        greatest(total - %(offset)s::bigint - %(page_size)s::bigint, 0) AS behind
    FROM counted
),

page AS (
    SELECT id, inserted_at
    FROM (
        (
            SELECT id, inserted_at
            FROM matching
            ORDER BY inserted_at DESC, id DESC
            LIMIT (SELECT CASE WHEN before <= behind THEN size ELSE 0 END FROM place)
            OFFSET (SELECT before FROM place)
        )
        UNION ALL
        (
            SELECT id, inserted_at
            FROM matching
            ORDER BY inserted_at ASC, id ASC
            LIMIT (SELECT CASE WHEN before <= behind THEN 0 ELSE size END FROM place)
            OFFSET (SELECT behind FROM place)
        )
    ) AS half
    -- cuts nothing off: it tells the planner that few rows are to be joined
    LIMIT %(page_size)s
),

item AS (
    SELECT
        anomaly.id,
        anomaly.tenant_id,
        anomaly.story_id,
        story.title AS story_title,
        agent.name AS agent_name,
        anomaly.anomaly_type,
        anomaly.story_cost_millicents,
        anomaly.reference_avg_millicents,
        anomaly.deviation_factor::text AS deviation_factor,
        anomaly.resolved,
        anomaly.archived,
        COALESCE(anomaly.metadata, '{}') AS metadata,
        to_char(anomaly.inserted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS inserted_at,
        to_char(anomaly.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at
    FROM page
    INNER JOIN cost_anomalies AS anomaly
        ON anomaly.tenant_id = %(tenant_id)s
        AND anomaly.id = page.id
    LEFT JOIN stories AS story
        ON story.tenant_id = %(tenant_id)s
        AND story.id = anomaly.story_id
    LEFT JOIN agents AS agent
        ON agent.tenant_id = %(tenant_id)s
        AND agent.id = story.assigned_agent_id
    ORDER BY page.inserted_at DESC, page.id DESC
)

SELECT
    total,
    COALESCE((SELECT json_agg(item) FROM item), '[]')::text AS items
FROM counted
