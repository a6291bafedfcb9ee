-- Zipf: the tenant of rank r has 1/r of the reports of the first. What a tenant has besides follows
-- from its reports: ten a story, twelve stories an epic, six epics a project, ten stories an agent.
CREATE TEMPORARY TABLE tenant_sizes AS
SELECT
    rank,
    md5('tenant ' || rank)::uuid AS tenant_id,
    reports,
    (reports + 9) / 10 AS stories,
    (reports + 119) / 120 AS epics,
    (reports + 719) / 720 AS projects,
    (reports + 99) / 100 AS agents
FROM (
    SELECT
        rank,
        greatest(1, round(%(reports)s / rank / sum(1.0 / rank) OVER ()))::bigint AS reports
    FROM generate_series(1, %(tenants)s) AS rank
) AS sized
