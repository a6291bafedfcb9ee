-- The embedding state of each article. No foreign key: it would put triggers on loopctl's articles. Rows of deleted articles are removed by the tenant's next run, those of deleted tenants by
-- the sensor.
CREATE TABLE loopctl_pipelines.embedding_states (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    -- xmin of the article's row when it was read: every change of the row changes xmin, so an unchanged
    -- article is recognized without reading its body
    row_version xid NOT NULL,
    model text NOT NULL,
    dimension integer NOT NULL,
    -- of the text that was read; null if the article was set aside unread
    content_hash text,
    -- null: embedded; with next_attempt_at: retried then; without: set aside until the article,
    -- the key or the model changes
    failure text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    -- SHA-256 of the encrypted key that was rejected, or told to wait
    key_version bytea,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, article_id),
    -- kinds and statuses from a closed set, never a provider's text
    CONSTRAINT embedding_states_failure CHECK (failure ~ '^[a-z_]{1,32}( status=[0-9]{3})?$'),
    CONSTRAINT embedding_states_waiting CHECK (next_attempt_at IS NULL OR failure IS NOT NULL)
);

CREATE INDEX embedding_states_content_hash
    ON loopctl_pipelines.embedding_states (tenant_id, content_hash) WHERE failure IS NULL;
CREATE INDEX embedding_states_next_attempt_at
    ON loopctl_pipelines.embedding_states (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- The run that holds a tenant's articles, and the pause of the whole tenant.
CREATE TABLE loopctl_pipelines.embedding_tenants (
    tenant_id uuid PRIMARY KEY,
    -- one run at a time, or the same text would be paid for twice; the lease of a dead run lapses
    holder uuid,
    held_until timestamptz,
    pause text,
    paused_until timestamptz,
    -- SHA-256 of the encrypted key, null without one: another key ends the pause
    paused_key bytea,
    missing_key_audited_on date,
    CONSTRAINT embedding_tenants_holder CHECK ((holder IS NULL) = (held_until IS NULL)),
    CONSTRAINT embedding_tenants_pause CHECK (
        (pause IS NULL) = (paused_until IS NULL) AND pause ~ '^[a-z_]{1,32}( status=[0-9]{3})?$'
    )
);

ALTER TABLE loopctl_pipelines.embedding_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.embedding_states FORCE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.embedding_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.embedding_tenants FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON loopctl_pipelines.embedding_states
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON loopctl_pipelines.embedding_tenants
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may count and clean up.
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.embedding_states
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.embedding_tenants
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
