-- Copies the baselines of %(day)s to the 30 days before it, so that they have a history.
INSERT INTO loopctl_pipelines.cost_baselines
SELECT
    tenant_id, day - back, days, stories, free_stories, usual, high_factor, high_source, low_factor,
    low_source, reports_free_stories, high_tail, low_tail, pooled, high_bins, high_counts, low_bins,
    low_counts, free_stories_of_day
FROM loopctl_pipelines.cost_baselines
CROSS JOIN generate_series(1, 30) AS back
WHERE day = %(day)s
ON CONFLICT DO NOTHING
