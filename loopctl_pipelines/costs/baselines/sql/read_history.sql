-- One tenant, one UTC day: what is stored of the `history` days before it, as one row. Medians are
-- logarithms; within a bin, costs count as evenly spread. `pooled` is what an earlier computation of
-- the day was given.
WITH costs AS (
    SELECT
        counted.project_id,
        GROUPING(counted.project_id) = 1 AS is_tenant,
        bin,
        sum(number) AS stories
    FROM loopctl_pipelines.project_baselines AS counted
    CROSS JOIN LATERAL unnest(counted.cost_bins, counted.cost_counts) AS bins (bin, number)
    WHERE counted.tenant_id = %(tenant_id)s
      AND counted.day >= %(day)s::date - %(history)s::integer
      AND counted.day < %(day)s::date
      AND counted.days = %(days)s
    GROUP BY GROUPING SETS ((counted.project_id, bin), (bin))
),

placed AS (
    SELECT
        *,
        sum(stories) OVER (PARTITION BY is_tenant, project_id ORDER BY bin) AS up_to,
        sum(stories) OVER (PARTITION BY is_tenant, project_id) AS total
    FROM costs
),

medians AS (
    SELECT
        project_id,
        is_tenant,
        total AS stories,
        %(bin_width)s::float8 * (bin + (total / 2 - (up_to - stories))::float8 / stories) AS median
    FROM placed
    -- the bin that the middle lies in
    WHERE up_to * 2 >= total
      AND (up_to - stories) * 2 < total
),

ratios AS (
    SELECT
        kind,
        bin,
        sum(number) AS stories
    FROM loopctl_pipelines.cost_baselines AS counted
    CROSS JOIN LATERAL (
        SELECT 'high' AS kind, bin, number
        FROM unnest(counted.high_bins, counted.high_counts) AS high (bin, number)
        UNION ALL
        SELECT 'low', bin, number
        FROM unnest(counted.low_bins, counted.low_counts) AS low (bin, number)
    ) AS bins
    WHERE counted.tenant_id = %(tenant_id)s
      AND counted.day >= %(day)s::date - %(history)s::integer
      AND counted.day < %(day)s::date
      AND counted.days = %(days)s
    GROUP BY kind, bin
),

free AS (
    SELECT COALESCE(sum(free_stories_of_day), 0)::bigint AS stories
    FROM loopctl_pipelines.cost_baselines
    WHERE tenant_id = %(tenant_id)s
      AND day >= %(day)s::date - %(history)s::integer
      AND day < %(day)s::date
      AND days = %(days)s
)

SELECT
    (SELECT median FROM medians WHERE is_tenant) AS median,
    COALESCE((SELECT stories FROM medians WHERE is_tenant), 0)::bigint AS stories,
    (SELECT stories FROM free) AS free_stories,
    ARRAY(SELECT project_id FROM medians WHERE NOT is_tenant ORDER BY project_id) AS project_ids,
    ARRAY(SELECT median FROM medians WHERE NOT is_tenant ORDER BY project_id) AS project_medians,
    ARRAY(SELECT stories::bigint FROM medians WHERE NOT is_tenant ORDER BY project_id)
        AS project_stories,
    ARRAY(SELECT bin FROM ratios WHERE kind = 'high' ORDER BY bin) AS high_bins,
    ARRAY(SELECT stories::bigint FROM ratios WHERE kind = 'high' ORDER BY bin) AS high_counts,
    ARRAY(SELECT bin FROM ratios WHERE kind = 'low' ORDER BY bin) AS low_bins,
    ARRAY(SELECT stories::bigint FROM ratios WHERE kind = 'low' ORDER BY bin) AS low_counts,
    (
        SELECT pooled
        FROM loopctl_pipelines.cost_baselines
        WHERE tenant_id = %(tenant_id)s
          AND day = %(day)s::date
    ) AS pooled
