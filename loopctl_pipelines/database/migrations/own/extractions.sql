-- What a text has yielded, an empty list included: a text is paid for once per model and prompt.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.extractions (
    tenant_id uuid NOT NULL,
    -- hex SHA-256 of the prompt's version and the text
    text_hash text NOT NULL,
    model text NOT NULL,
    prompt_version text NOT NULL,
    -- the articles, and how many were dropped
    result jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT extractions_pkey PRIMARY KEY (tenant_id, text_hash, model, prompt_version)
);

-- How the extraction of each of loopctl's reviews ended, or when it is tried again.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.extracted_reviews (
    tenant_id uuid NOT NULL,
    review_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    failure text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    articles integer NOT NULL DEFAULT 0,
    completed_at timestamptz,
    CONSTRAINT extracted_reviews_pkey PRIMARY KEY (tenant_id, review_id),
    CONSTRAINT extracted_reviews_state CHECK (state IN ('pending', 'done', 'failed')),
    -- from a closed set, never a vendor's text
    CONSTRAINT extracted_reviews_failure CHECK (failure ~ '^[a-z_]{1,64}( status=[0-9]{3})?$')
);

ALTER TABLE loopctl_pipelines.extractions ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.extractions FORCE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.extracted_reviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.extracted_reviews FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.extractions;
CREATE POLICY tenant_isolation ON loopctl_pipelines.extractions
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.extracted_reviews;
CREATE POLICY tenant_isolation ON loopctl_pipelines.extracted_reviews
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may count and clean up.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.extractions;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.extractions
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.extracted_reviews;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.extracted_reviews
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
