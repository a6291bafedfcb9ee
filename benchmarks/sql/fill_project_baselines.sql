-- Copies the baselines of all projects of %(day)s to the 30 days before it.
INSERT INTO loopctl_pipelines.project_baselines
SELECT tenant_id, day - back, project_id, days, stories, usual, cost_bins, cost_counts
FROM loopctl_pipelines.project_baselines
CROSS JOIN generate_series(1, 30) AS back
WHERE day = %(day)s
ON CONFLICT DO NOTHING
