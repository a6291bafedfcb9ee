-- What the calibrated rule compares a tenant's stories of a day with. Everything a row rests on lies
-- before its day, except for the counts of the day itself, on which later days rest.
-- Logarithms are natural ones of millicents; bins are those of costs/baselines/ratios.py.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.cost_baselines (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    -- days that a story's cost adds up; 0 is its lifetime. Rows of another number are no history.
    days integer NOT NULL,
    -- stories of the days before, and how many of them cost nothing
    stories bigint NOT NULL,
    free_stories bigint NOT NULL,
    -- logarithm of their median cost; null without any
    usual double precision,
    high_factor double precision NOT NULL,
    high_source text NOT NULL,
    low_factor double precision NOT NULL,
    low_source text NOT NULL,
    reports_free_stories boolean NOT NULL,
    -- the tenant's tails before the day: {stories, median, spread, above}
    high_tail jsonb NOT NULL,
    low_tail jsonb NOT NULL,
    -- all tenants' tails as they were when the day was first computed: {high, low}; null without
    pooled jsonb,
    -- of the day itself: ratios to the baseline, and to the usual cost
    high_bins integer[] NOT NULL,
    high_counts integer[] NOT NULL,
    low_bins integer[] NOT NULL,
    low_counts integer[] NOT NULL,
    free_stories_of_day bigint NOT NULL,
    CONSTRAINT cost_baselines_pkey PRIMARY KEY (tenant_id, day)
);

-- The same for each project: its usual cost, and the costs of the day.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.project_baselines (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    project_id uuid NOT NULL,
    days integer NOT NULL,
    stories bigint NOT NULL,
    usual double precision,
    cost_bins integer[] NOT NULL,
    cost_counts integer[] NOT NULL,
    CONSTRAINT project_baselines_pkey PRIMARY KEY (tenant_id, day, project_id)
);

ALTER TABLE loopctl_pipelines.cost_baselines ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.cost_baselines FORCE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.project_baselines ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.project_baselines FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.cost_baselines;
CREATE POLICY tenant_isolation ON loopctl_pipelines.cost_baselines
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.project_baselines;
CREATE POLICY tenant_isolation ON loopctl_pipelines.project_baselines
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may add up the tails of all tenants.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.cost_baselines;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.cost_baselines
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.project_baselines;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.project_baselines
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
