-- One tenant: its budgets with what is spent of them, and the stories that have exceeded their effective
-- budget. All live reports count. Returns one row of two JSON arrays.
WITH spent AS MATERIALIZED (
    SELECT
        project_id,
        epic_id,
        story_id,
        max(day) AS day,
        sum(cost_millicents) AS cost_millicents,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        sum(cost_millicents) FILTER (
            WHERE inserted_at >= %(trailing)s::timestamp AND inserted_at < %(end)s::timestamp
        ) AS recent_millicents
    FROM loopctl_pipelines.live_reports
    WHERE tenant_id = %(tenant_id)s
    GROUP BY project_id, epic_id, story_id
),

budgets AS MATERIALIZED (
    SELECT *
    FROM token_budgets
    WHERE tenant_id = %(tenant_id)s
),

scopes AS (
    SELECT 'project' AS scope_type, project_id AS scope_id, spent.* FROM spent
    UNION ALL
    SELECT 'epic', epic_id, spent.* FROM spent WHERE epic_id IS NOT NULL
    UNION ALL
    SELECT 'story', story_id, spent.* FROM spent
),

used AS (
    SELECT
        budgets.id,
        -- uuid has no min() before PostgreSQL 18
        (array_agg(scopes.project_id ORDER BY scopes.project_id))[1] AS project_id,
        COALESCE(sum(scopes.cost_millicents), 0) AS cost_millicents,
        COALESCE(sum(scopes.input_tokens), 0) AS input_tokens,
        COALESCE(sum(scopes.output_tokens), 0) AS output_tokens,
        COALESCE(sum(scopes.recent_millicents), 0) AS recent_millicents
    FROM budgets
    LEFT JOIN scopes
        ON scopes.scope_type = budgets.scope_type
        AND scopes.scope_id = budgets.scope_id
    GROUP BY budgets.id
),

stories_spent AS (
    SELECT
        story_id,
        max(day) AS day,
        sum(cost_millicents) AS cost_millicents,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens
    FROM spent
    -- a report that points at another tenant's story has no epic
    WHERE epic_id IS NOT NULL
    GROUP BY story_id
),

-- the nearest budget counts, as a whole: an own budget without a limit frees a story from its epic's
effective AS (
    SELECT
        stories_spent.*,
        story.epic_id,
        COALESCE(own.id, epic.id, project.id) AS budget_id,
        CASE
            WHEN own.id IS NOT NULL THEN 'story'
            WHEN epic.id IS NOT NULL THEN 'epic'
            WHEN project.id IS NOT NULL THEN 'project'
            ELSE 'tenant'
        END AS scope_type,
        CASE
            WHEN own.id IS NOT NULL THEN own.budget_millicents
            WHEN epic.id IS NOT NULL THEN epic.budget_millicents
            WHEN project.id IS NOT NULL THEN project.budget_millicents
            ELSE tenant.default_story_budget_millicents
        END AS budget_millicents,
        CASE
            WHEN own.id IS NOT NULL THEN own.budget_input_tokens
            WHEN epic.id IS NOT NULL THEN epic.budget_input_tokens
            ELSE project.budget_input_tokens
        END AS budget_input_tokens,
        CASE
            WHEN own.id IS NOT NULL THEN own.budget_output_tokens
            WHEN epic.id IS NOT NULL THEN epic.budget_output_tokens
            ELSE project.budget_output_tokens
        END AS budget_output_tokens
    FROM stories_spent
    INNER JOIN stories AS story
        ON story.tenant_id = %(tenant_id)s
        AND story.id = stories_spent.story_id
    INNER JOIN tenants AS tenant ON tenant.id = story.tenant_id
    LEFT JOIN budgets AS own ON own.scope_type = 'story' AND own.scope_id = story.id
    LEFT JOIN budgets AS epic ON epic.scope_type = 'epic' AND epic.scope_id = story.epic_id
    LEFT JOIN budgets AS project
        ON project.scope_type = 'project'
        AND project.scope_id = story.project_id
),

over AS (
    SELECT *
    FROM effective
    WHERE (budget_millicents > 0 AND cost_millicents >= budget_millicents)
       OR (budget_input_tokens > 0 AND input_tokens >= budget_input_tokens)
       OR (budget_output_tokens > 0 AND output_tokens >= budget_output_tokens)
)

SELECT
    (
        SELECT
            COALESCE(
                jsonb_agg(
                    jsonb_build_object(
                        'id', budgets.id,
                        'scope_type', budgets.scope_type,
                        'scope_id', budgets.scope_id,
                        'project_id', used.project_id,
                        'budget_millicents', budgets.budget_millicents,
                        'budget_input_tokens', budgets.budget_input_tokens,
                        'budget_output_tokens', budgets.budget_output_tokens,
                        'alert_threshold_pct', budgets.alert_threshold_pct,
                        'warning_fired', budgets.warning_fired,
                        'exceeded_fired', budgets.exceeded_fired,
                        'cost_millicents', used.cost_millicents,
                        'input_tokens', used.input_tokens,
                        'output_tokens', used.output_tokens,
                        'recent_millicents', used.recent_millicents
                    ) ORDER BY budgets.id
                ),
                '[]'
            )::text
        FROM budgets
        INNER JOIN used ON used.id = budgets.id
    ) AS budgets,
    (
        SELECT
            COALESCE(
                jsonb_agg(
                    jsonb_build_object(
                        'story_id', story_id,
                        'epic_id', epic_id,
                        'day', day,
                        'scope_type', scope_type,
                        'budget_id', budget_id,
                        'budget_millicents', budget_millicents,
                        'budget_input_tokens', budget_input_tokens,
                        'budget_output_tokens', budget_output_tokens,
                        'cost_millicents', cost_millicents,
                        'input_tokens', input_tokens,
                        'output_tokens', output_tokens
                    ) ORDER BY story_id
                ),
                '[]'
            )::text
        FROM over
    ) AS stories
