-- One tenant, the UTC days [first, end): compares each story's cost with the baselines of the day, which
-- are given as arrays. Returns one row per day: counts of the comparison, the stories that deviate as
-- JSON, and how many stories have which cost and ratio, in bins, as JSON.
WITH given_days AS (
    SELECT *
    FROM unnest(
        %(day)s::date[], %(usual)s::float8[], %(high)s::float8[], %(low)s::float8[],
        %(reports_free)s::boolean[]
    ) AS given (day, usual, high, low, reports_free)
),

given_projects AS (
    SELECT *
    FROM unnest(
        %(project_day)s::date[], %(project_id)s::uuid[], %(project_usual)s::float8[]
    ) AS given (day, project_id, usual)
),

costs_per_day AS (
    SELECT
        sums.day,
        story.epic_id,
        sums.story_id,
        sums.cost
    FROM (
        SELECT
            day,
            story_id,
            sum(cost_millicents) AS cost
        FROM loopctl_pipelines.live_reports
        WHERE tenant_id = %(tenant_id)s
          -- as timestamps: row-level security lets no index compare a timestamp with a date
          AND inserted_at >= %(since)s::timestamp
          AND inserted_at < %(end)s::timestamp
        GROUP BY day, story_id
    ) AS sums
    -- an epic for each story, not for each report: for 132,000 reports 306 ms became 178
    INNER JOIN stories AS story
        ON story.tenant_id = %(tenant_id)s
        AND story.id = sums.story_id
    WHERE story.epic_id IS NOT NULL
),

-- a day's cost counts on that day and on the days - 1 after it
costs AS (
    SELECT
        costs_per_day.day + later AS day,
        costs_per_day.epic_id,
        costs_per_day.story_id,
        sum(costs_per_day.cost)::float8 AS cost,
        bool_or(later = 0) AS has_reports
    FROM costs_per_day
    CROSS JOIN LATERAL generate_series(
        GREATEST(%(first)s::date - costs_per_day.day, 0),
        LEAST(%(days)s::integer - 1, %(end)s::date - 1 - costs_per_day.day)
    ) AS later
    GROUP BY costs_per_day.day + later, costs_per_day.epic_id, costs_per_day.story_id
),

ranked AS (
    SELECT
        *,
        CASE WHEN cost > 0 THEN ln(cost) END AS log_cost,
        count(*) OVER epic AS stories,
        count(*) FILTER (WHERE cost > 0) OVER epic - (cost > 0)::integer AS peers,
        row_number() OVER (epic ORDER BY cost > 0, cost, story_id) AS place
    FROM costs
    WINDOW epic AS (PARTITION BY day, epic_id)
),

-- The two in the middle of the others that cost something. From its own place on, a story's absence
-- moves all by one.
middles AS (
    SELECT
        *,
        stories - (peers + (cost > 0)::integer) AS free_stories,
        (peers + 1) / 2 AS lower,
        (peers + 2) / 2 AS upper
    FROM ranked
),

compared_with AS (
    SELECT
        *,
        nth_value(
            log_cost,
            GREATEST(
                free_stories + lower
                + (cost > 0 AND place - free_stories <= lower)::integer, 1
            )::integer
        ) OVER epic AS lower_middle,
        nth_value(
            log_cost,
            GREATEST(
                free_stories + upper
                + (cost > 0 AND place - free_stories <= upper)::integer, 1
            )::integer
        ) OVER epic AS upper_middle
    FROM middles
    WINDOW epic AS (
        PARTITION BY day, epic_id
        ORDER BY cost > 0, cost, story_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
),

usuals AS (
    SELECT
        compared_with.day,
        compared_with.epic_id,
        compared_with.story_id,
        compared_with.cost,
        compared_with.log_cost,
        compared_with.stories,
        compared_with.peers,
        (compared_with.lower_middle + compared_with.upper_middle) / 2 AS peer_median,
        story.project_id,
        COALESCE(given_projects.usual, given_days.usual) AS usual,
        given_days.high,
        given_days.low,
        given_days.reports_free,
        epic.scope_id IS NOT NULL AND given_days.day IS NOT NULL AS is_summarized
    FROM compared_with
    INNER JOIN stories AS story
        ON story.tenant_id = %(tenant_id)s
        AND story.id = compared_with.story_id
    LEFT JOIN given_days ON given_days.day = compared_with.day
    LEFT JOIN given_projects
        ON given_projects.day = compared_with.day
        AND given_projects.project_id = story.project_id
    LEFT JOIN cost_summaries AS epic
        ON epic.tenant_id = %(tenant_id)s
        AND epic.scope_type = 'epic'
        AND epic.scope_id = compared_with.epic_id
        AND epic.period_start = compared_with.day
        -- says the day once more, or all days ever stored would be read
        AND epic.period_start >= %(first)s::date
        AND epic.period_start < %(end)s::date
        AND epic.period_end = compared_with.day
    WHERE compared_with.has_reports
),

baselines AS (
    SELECT
        *,
        CASE
            -- without a history there are only the peers, and one alone tells nothing
            WHEN usual IS NULL AND peers >= 2 THEN peer_median
            WHEN peers = 0 THEN usual
            -- peers that several outliers have moved far away count as if they were this far
            ELSE (
                peers * GREATEST(LEAST(peer_median, usual + %(most_moved)s), usual - %(most_moved)s)
                + %(pseudo_stories)s * usual
            ) / (peers + %(pseudo_stories)s)
        END AS baseline
    FROM usuals
),

compared AS MATERIALIZED (
    SELECT
        *,
        is_summarized
        AND cost >= 0
        AND baseline IS NOT NULL
        AND stories >= %(minimum_stories)s AS is_comparable,
        CASE
            WHEN log_cost - baseline > high
                AND cost - exp(baseline) >= %(floor_millicents)s THEN 'high_cost'
            -- compared with what is usual, not with the siblings: none of them makes it look low
            WHEN (log_cost - usual < low OR (cost = 0 AND reports_free))
                AND exp(usual) - cost >= %(floor_millicents)s THEN 'suspiciously_low'
        END AS anomaly_type
    FROM baselines
),

epics_per_day AS (
    SELECT
        day,
        count(*) FILTER (WHERE is_summarized) AS epics,
        count(*) FILTER (WHERE is_summarized AND is_blind) AS blind_epics,
        count(*) FILTER (WHERE NOT is_summarized) AS unsummarized_epics,
        sum(stories) AS stories
    FROM (
        SELECT
            day,
            epic_id,
            is_summarized,
            count(*) FILTER (WHERE is_comparable) AS stories,
            NOT bool_or(is_comparable) AS is_blind
        FROM compared
        GROUP BY day, epic_id, is_summarized
    ) AS epic
    GROUP BY day
),

stories_per_day AS (
    SELECT
        day,
        array_agg(story_id) FILTER (WHERE NOT is_summarized) AS unsummarized,
        jsonb_agg(
            jsonb_build_object(
                'day', day,
                'epic_id', epic_id,
                'story_id', story_id,
                'anomaly_type', anomaly_type,
                'stories', stories,
                'cost', cost::bigint,
                'reference', trunc(exp(reference))::bigint,
                'factor', round((cost / exp(reference))::numeric, 2)::text
            )
        ) FILTER (WHERE is_comparable AND anomaly_type IS NOT NULL) AS deviations
    FROM (
        SELECT
            *,
            CASE anomaly_type WHEN 'high_cost' THEN baseline ELSE usual END AS reference
        FROM compared
    ) AS with_reference
    WHERE anomaly_type IS NOT NULL OR NOT is_summarized
    GROUP BY day
),

binned AS (
    SELECT
        compared.day,
        kind,
        CASE kind WHEN 'cost' THEN project_id END AS project_id,
        floor(logarithm / %(bin_width)s::float8)::integer AS bin,
        count(*) AS stories
    FROM compared
    CROSS JOIN LATERAL (
        VALUES
        ('cost', log_cost),
        ('high', CASE WHEN usual IS NOT NULL THEN log_cost - baseline END),
        ('low', log_cost - usual)
    ) AS kinds (kind, logarithm)
    WHERE %(counted)s
      AND logarithm IS NOT NULL
    GROUP BY 1, 2, 3, 4
),

bins_per_day AS (
    SELECT
        day,
        jsonb_agg(
            jsonb_build_object(
                'kind', kind, 'project_id', project_id, 'bins', bins, 'counts', counts
            )
        ) AS bins
    FROM (
        SELECT
            day,
            kind,
            project_id,
            jsonb_agg(bin ORDER BY bin) AS bins,
            jsonb_agg(stories ORDER BY bin) AS counts
        FROM binned
        GROUP BY day, kind, project_id
    ) AS per_kind
    GROUP BY day
),

free_per_day AS (
    SELECT day, count(*) AS stories
    FROM compared
    WHERE cost = 0
    GROUP BY day
)

SELECT
    asked.day::date AS day,
    COALESCE(epics_per_day.epics, 0) AS epics,
    COALESCE(epics_per_day.blind_epics, 0) AS blind_epics,
    COALESCE(epics_per_day.unsummarized_epics, 0) AS unsummarized_epics,
    COALESCE(epics_per_day.stories, 0)::bigint AS stories,
    COALESCE(stories_per_day.unsummarized, '{}') AS unsummarized,
    COALESCE(stories_per_day.deviations, '[]')::text AS deviations,
    COALESCE(bins_per_day.bins, '[]')::text AS bins,
    COALESCE(free_per_day.stories, 0) AS free_stories
FROM generate_series(%(first)s::date, %(end)s::date - 1, interval '1 day') AS asked (day)
LEFT JOIN epics_per_day ON epics_per_day.day = asked.day
LEFT JOIN stories_per_day ON stories_per_day.day = asked.day
LEFT JOIN bins_per_day ON bins_per_day.day = asked.day
LEFT JOIN free_per_day ON free_per_day.day = asked.day
ORDER BY asked.day
