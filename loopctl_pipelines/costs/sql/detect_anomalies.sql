-- One tenant, the UTC days [first, end): compares each story's cost of a day with its epic's
-- average of that day, writes the open anomalies that differ, and audits those that are new.
-- Returns one row a day that has an epic.
WITH story_costs AS (
    SELECT
        day,
        epic_id,
        story_id,
        sum(cost_millicents) AS cost
    FROM loopctl_pipelines.live_reports
    WHERE tenant_id = %(tenant_id)s
      -- as timestamps: row-level security lets no index compare a timestamp with a date
      AND inserted_at >= %(first)s::timestamp
      AND inserted_at < %(end)s::timestamp
      AND epic_id IS NOT NULL
    GROUP BY day, epic_id, story_id
),

compared AS MATERIALIZED (
    SELECT
        story_costs.day,
        story_costs.epic_id,
        story_costs.story_id,
        story_costs.cost,
        epic.avg_cost_per_story_millicents AS average,
        count(*) OVER (PARTITION BY story_costs.day, story_costs.epic_id) AS stories,
        -- products instead of a quotient, so that the strict comparison is exact
        CASE
            WHEN story_costs.cost < 0 THEN NULL
            WHEN story_costs.cost > %(high_factor)s * epic.avg_cost_per_story_millicents
                THEN 'high_cost'
            WHEN story_costs.cost < %(low_factor)s * epic.avg_cost_per_story_millicents
                THEN 'suspiciously_low'
        END AS anomaly_type
    FROM story_costs
    INNER JOIN cost_summaries AS epic
        ON epic.tenant_id = %(tenant_id)s
        AND epic.scope_type = 'epic'
        AND epic.scope_id = story_costs.epic_id
        AND epic.period_start = story_costs.day
        -- says the day once more, or all days ever stored would be read
        AND epic.period_start >= %(first)s
        AND epic.period_start < %(end)s
        AND epic.period_end = story_costs.day
        AND epic.avg_cost_per_story_millicents > 0
),

deviating AS MATERIALIZED (
    SELECT
        day,
        epic_id,
        story_id,
        stories,
        anomaly_type,
        cost::bigint AS cost,
        average,
        -- cost / average, rounded half up to 2 places in whole numbers, so only once
        round(div(cost * 200 + average, average * 2::numeric) / 100, 2) AS factor
    FROM compared
    WHERE anomaly_type IS NOT NULL
),

-- a story has one open anomaly of a type: of several days, the latest
latest AS (
    SELECT DISTINCT ON (story_id, anomaly_type)
        day,
        story_id,
        anomaly_type,
        cost,
        average,
        factor,
        jsonb_build_object(
            'period', day,
            'baseline', 'epic_average',
            'epic_id', epic_id,
            'stories', stories
        ) AS metadata
    FROM deviating
    ORDER BY story_id ASC, anomaly_type ASC, day DESC
),

changed AS (
    SELECT latest.*
    FROM latest
    WHERE NOT EXISTS (
        SELECT FROM cost_anomalies AS stored
        WHERE stored.tenant_id = %(tenant_id)s
          AND stored.story_id = latest.story_id
          AND stored.anomaly_type = latest.anomaly_type
          AND (
              -- resolved for this very day: whoever resolved it has seen it
              (stored.resolved AND stored.metadata ->> 'period' = latest.day::text)
              OR (
                  NOT stored.resolved
                  AND stored.story_cost_millicents = latest.cost
                  AND stored.reference_avg_millicents = latest.average
                  AND stored.deviation_factor = latest.factor
                  AND stored.metadata @> latest.metadata
              )
          )
    )
),

written AS (
    INSERT INTO cost_anomalies AS anomaly (
        id, tenant_id, story_id, anomaly_type, story_cost_millicents, reference_avg_millicents,
        deviation_factor, resolved, metadata, inserted_at, updated_at, archived
    )
    SELECT
        gen_random_uuid(), %(tenant_id)s, story_id, anomaly_type, cost, average,
        factor, false, metadata, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', false
    FROM changed
    ON CONFLICT (tenant_id, story_id, anomaly_type) WHERE resolved = false DO UPDATE SET
        story_cost_millicents = excluded.story_cost_millicents,
        reference_avg_millicents = excluded.reference_avg_millicents,
        deviation_factor = excluded.deviation_factor,
        metadata = COALESCE(anomaly.metadata, '{}') || excluded.metadata,
        updated_at = excluded.updated_at
    -- an older period never overwrites a newer one
    WHERE COALESCE(anomaly.metadata ->> 'period', '') <= excluded.metadata ->> 'period'
    -- xmax is 0 only in a row that this statement inserted (RETURNING old.* needs PostgreSQL 18)
    RETURNING
        anomaly.id,
        anomaly.story_id,
        anomaly.anomaly_type,
        anomaly.story_cost_millicents,
        anomaly.reference_avg_millicents,
        anomaly.deviation_factor,
        (anomaly.metadata ->> 'period')::date AS day,
        anomaly.xmax = 0 AS inserted
),

audited AS (
    INSERT INTO audit_log (
        tenant_id, entity_type, entity_id, action, actor_type, new_state, metadata
    )
    SELECT
        %(tenant_id)s,
        'cost_anomaly',
        id,
        'detected',
        'system',
        jsonb_build_object(
            'anomaly_type', anomaly_type,
            'story_id', story_id,
            'deviation_factor', deviation_factor::text,
            'story_cost_millicents', story_cost_millicents,
            'reference_avg_millicents', reference_avg_millicents
        ),
        jsonb_build_object(
            'anomaly_id', id,
            'story_id', story_id,
            'anomaly_type', anomaly_type,
            'deviation_factor', deviation_factor::text
        )
    FROM written
    WHERE inserted
),

epics_per_day AS (
    SELECT
        day,
        count(*) AS epics,
        -- the mean contains the tested story, so n stories cannot reach a factor above n
        count(*) FILTER (WHERE stories <= %(high_factor)s) AS blind_epics,
        sum(stories) AS stories
    FROM (SELECT DISTINCT day, epic_id, stories FROM compared) AS epic
    GROUP BY day
),

deviating_per_day AS (
    SELECT
        day,
        count(*) FILTER (WHERE anomaly_type = 'high_cost') AS high_cost,
        count(*) FILTER (WHERE anomaly_type = 'suspiciously_low') AS suspiciously_low
    FROM deviating
    GROUP BY day
),

written_per_day AS (
    SELECT
        day,
        count(*) FILTER (WHERE inserted) AS inserted,
        count(*) FILTER (WHERE NOT inserted) AS updated
    FROM written
    GROUP BY day
)

SELECT
    epics_per_day.day,
    epics_per_day.epics,
    epics_per_day.blind_epics,
    epics_per_day.stories,
    COALESCE(deviating_per_day.high_cost, 0) AS high_cost,
    COALESCE(deviating_per_day.suspiciously_low, 0) AS suspiciously_low,
    COALESCE(written_per_day.inserted, 0) AS inserted,
    COALESCE(written_per_day.updated, 0) AS updated
FROM epics_per_day
LEFT JOIN deviating_per_day ON deviating_per_day.day = epics_per_day.day
LEFT JOIN written_per_day ON written_per_day.day = epics_per_day.day
ORDER BY epics_per_day.day
