-- In the order of their time, as a real table grows: a tenant's reports lie scattered over all of
-- its pages. 1 %% are soft-deleted and 1 %% correct the one before, which is live: there the
-- reference and this project follow the same rule. 1.4 %% of the stories cost 8 times as much as
-- they would, and 0.3 %% a fortieth.
INSERT INTO token_usage_reports (
    id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens, model_name,
    cost_millicents, phase, inserted_at, updated_at, deleted_at, corrects_report_id
)
SELECT
    md5('report ' || rank || ' ' || number)::uuid,
    tenant_id,
    md5('story ' || rank || ' ' || story)::uuid,
    md5('agent ' || rank || ' ' || agent)::uuid,
    md5('project ' || rank || ' ' || story / 72)::uuid,
    CASE WHEN corrects THEN -1 ELSE 4 END * floor(cost * 60)::bigint,
    CASE WHEN corrects THEN -1 ELSE 4 END * floor(cost * 3)::bigint,
    (ARRAY[
        'claude-opus-4-6', 'claude-sonnet-4-5', 'gpt-5.2', 'gemini-3-pro', 'kimi-k2.5', 'glm-4.7'
    ])[1 + floor(6 * pg_temp.uniform('model', rank, source))::integer],
    CASE WHEN corrects THEN -1 ELSE 4 END * floor(cost * 100)::bigint,
    (ARRAY['planning', 'implementing', 'reviewing', 'other'])[
        1 + floor(4 * pg_temp.uniform('phase', rank, source))::integer
    ],
    at,
    at,
    CASE WHEN deleted THEN at END,
    CASE WHEN corrects THEN md5('report ' || rank || ' ' || source)::uuid END
FROM (
    SELECT
        drawn.*,
        floor(agents * pg_temp.uniform('agent', rank, source))::bigint AS agent,
        -- costs of single calls deviate by 0.6, those of stories of an epic by 0.3 (logarithms)
        exp(
            0.6 * normal_rand.of_report + 0.3 * normal_rand.of_story
        ) * CASE
            WHEN pg_temp.uniform('planted', rank, story) < 0.014 THEN 8
            WHEN pg_temp.uniform('planted', rank, story) > 0.997 THEN 0.025
            ELSE 1
        END AS cost
    FROM (
        SELECT
            numbered.*,
            floor(stories * pg_temp.uniform('story', rank, source))::bigint AS story,
            NOT corrects
            AND pg_temp.uniform('deleted', rank, number) < 0.01
            AND NOT pg_temp.uniform('corrects', rank, number + 1) < 0.01 AS deleted,
            -- a correction is later than what it corrects, by up to a quarter of a day
            %(day)s::timestamp
            + interval '18 hours' * pg_temp.uniform('at', rank, source)
            + CASE
                WHEN corrects THEN interval '6 hours' * pg_temp.uniform('later', rank, number)
                ELSE interval '0'
            END AS at
        FROM (
            SELECT
                tenant_sizes.*,
                number,
                corrected.corrects,
                CASE WHEN corrected.corrects THEN number - 1 ELSE number END AS source
            FROM tenant_sizes
            CROSS JOIN generate_series(1, reports) AS number
            CROSS JOIN LATERAL (
                SELECT
                    number > 1
                    AND pg_temp.uniform('corrects', rank, number) < 0.01
                    AND NOT pg_temp.uniform('corrects', rank, number - 1) < 0.01 AS corrects
            ) AS corrected
        ) AS numbered
    ) AS drawn
    CROSS JOIN LATERAL (
        SELECT
            sqrt(-2 * ln(1 - pg_temp.uniform('report radius', rank, source)))
            * cosd(360 * pg_temp.uniform('report angle', rank, source)) AS of_report,
            sqrt(-2 * ln(1 - pg_temp.uniform('story radius', rank, story)))
            * cosd(360 * pg_temp.uniform('story angle', rank, story)) AS of_story
    ) AS normal_rand
) AS costed
ORDER BY at
