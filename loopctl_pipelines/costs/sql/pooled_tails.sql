-- All tenants, the last baselines of each before `day`: their tails added up. Numbers only: no tenant is
-- named, and none is told apart. No row if there is no such baseline.
WITH latest AS (
    SELECT DISTINCT ON (tenant_id)
        tenant_id,
        high_tail,
        low_tail
    FROM loopctl_pipelines.cost_baselines
    WHERE day >= %(day)s::date - %(history)s::integer
      AND day < %(day)s
      AND days = %(days)s
    ORDER BY tenant_id ASC, day DESC
),

tails AS (
    SELECT kind, tail
    FROM latest
    CROSS JOIN LATERAL (VALUES ('high', high_tail), ('low', low_tail)) AS kinds (kind, tail)
    WHERE (tail ->> 'stories')::float8 >= %(least_stories)s
),

totals AS (
    SELECT
        kind,
        sum((tail ->> 'stories')::numeric) AS stories,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY (tail ->> 'spread')::float8) AS spread
    FROM tails
    GROUP BY kind
),

shares AS (
    SELECT
        kind,
        place,
        sum(number::numeric) AS above
    FROM tails
    CROSS JOIN LATERAL jsonb_array_elements_text(tail -> 'above')
        WITH ORDINALITY AS counts (number, place)
    GROUP BY kind, place
)

SELECT
    totals.kind,
    totals.stories::float8 AS stories,
    totals.spread,
    array_agg((shares.above / totals.stories)::float8 ORDER BY shares.place) AS shares
FROM totals
INNER JOIN shares ON shares.kind = totals.kind
GROUP BY totals.kind, totals.stories, totals.spread
