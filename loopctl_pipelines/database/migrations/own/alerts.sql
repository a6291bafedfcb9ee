-- Alerts that are sent through Apprise. Two of the tables are of no tenant: they hold ids, times and
-- counts only, no policy admits the role of tenants to them, and they are written outside tenants'
-- transactions.

-- How far finished runs have been examined: one row.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.alert_position (
    is_the_only_row boolean NOT NULL DEFAULT true,
    -- when alerts were switched on: what is older is not alerted
    since timestamptz NOT NULL,
    examined_until timestamptz NOT NULL,
    -- the ends of the last runs before that by Dagster's ids: runs are looked for a few minutes back
    examined_runs jsonb NOT NULL DEFAULT '{}',
    -- the lease of the process that examines and sends
    held_until timestamptz,
    CONSTRAINT alert_position_pkey PRIMARY KEY (is_the_only_row),
    CONSTRAINT alert_position_is_one_row CHECK (is_the_only_row)
);

-- One message per run that is alerted.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.alert_messages (
    message_id uuid NOT NULL,
    -- Dagster's id of the run
    run_id text NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    -- when the first target accepted it
    sent_at timestamptz,
    -- the targets that accepted it, by their place in LOOPCTL_ALERT_URLS from 1 on
    accepted integer[] NOT NULL DEFAULT '{}',
    -- the message that covers this run as well, where too many were to be sent
    grouped_into uuid,
    CONSTRAINT alert_messages_pkey PRIMARY KEY (message_id),
    CONSTRAINT alert_messages_state CHECK (state IN ('waiting', 'grouped', 'sent', 'given_up')),
    CONSTRAINT alert_messages_grouped CHECK ((state = 'grouped') = (grouped_into IS NOT NULL))
);

-- The anomalies and audited budgets of a tenant that a message is about; each is alerted once.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.alerted_findings (
    tenant_id uuid NOT NULL,
    -- a row of cost_anomalies or of audit_log
    finding_id uuid NOT NULL,
    kind text NOT NULL,
    message_id uuid NOT NULL,
    CONSTRAINT alerted_findings_pkey PRIMARY KEY (tenant_id, finding_id),
    CONSTRAINT alerted_findings_kind CHECK (kind IN ('anomaly', 'budget'))
);

CREATE INDEX IF NOT EXISTS alerted_findings_message_id
    ON loopctl_pipelines.alerted_findings (message_id, tenant_id);

ALTER TABLE loopctl_pipelines.alert_position ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.alert_position FORCE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.alert_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.alert_messages FORCE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.alerted_findings ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.alerted_findings FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.alerted_findings;
CREATE POLICY tenant_isolation ON loopctl_pipelines.alerted_findings
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may read and write.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.alert_position;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.alert_position
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);

DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.alert_messages;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.alert_messages
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);

DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.alerted_findings;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.alerted_findings
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
