-- Writes one tenant's baselines of a UTC day, those of its projects included; a project that is not
-- given loses its row of the day.
WITH forgotten AS (
    DELETE FROM loopctl_pipelines.project_baselines
    WHERE tenant_id = %(tenant_id)s
      AND day = %(day)s
      AND NOT project_id = ANY(%(project_id)s::uuid[])
),

projects AS (
    INSERT INTO loopctl_pipelines.project_baselines (
        tenant_id, day, project_id, days, stories, usual, cost_bins, cost_counts
    )
    SELECT
        %(tenant_id)s, %(day)s, project_id, %(days)s, stories, usual, cost_bins, cost_counts
    FROM jsonb_to_recordset(%(projects)s::jsonb) AS given (
        project_id uuid, stories bigint, usual double precision,
        cost_bins integer[], cost_counts integer[]
    )
    ON CONFLICT (tenant_id, day, project_id) DO UPDATE SET
        days = excluded.days,
        stories = excluded.stories,
        usual = excluded.usual,
        cost_bins = excluded.cost_bins,
        cost_counts = excluded.cost_counts
)

INSERT INTO loopctl_pipelines.cost_baselines (
    tenant_id, day, days, stories, free_stories, usual, high_factor, high_source, low_factor,
    low_source, reports_free_stories, high_tail, low_tail, pooled, high_bins, high_counts, low_bins,
    low_counts, free_stories_of_day
)
VALUES (
    %(tenant_id)s, %(day)s, %(days)s, %(stories)s, %(free_stories)s, %(usual)s, %(high_factor)s,
    %(high_source)s, %(low_factor)s, %(low_source)s, %(reports_free_stories)s, %(high_tail)s,
    %(low_tail)s, %(pooled)s, %(high_bins)s, %(high_counts)s, %(low_bins)s, %(low_counts)s,
    %(free_stories_of_day)s
)
ON CONFLICT (tenant_id, day) DO UPDATE SET
    days = excluded.days,
    stories = excluded.stories,
    free_stories = excluded.free_stories,
    usual = excluded.usual,
    high_factor = excluded.high_factor,
    high_source = excluded.high_source,
    low_factor = excluded.low_factor,
    low_source = excluded.low_source,
    reports_free_stories = excluded.reports_free_stories,
    high_tail = excluded.high_tail,
    low_tail = excluded.low_tail,
    pooled = excluded.pooled,
    high_bins = excluded.high_bins,
    high_counts = excluded.high_counts,
    low_bins = excluded.low_bins,
    low_counts = excluded.low_counts,
    free_stories_of_day = excluded.free_stories_of_day
