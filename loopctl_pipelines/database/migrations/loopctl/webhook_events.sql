-- Events to deliver; loopctl delivers them.
CREATE TABLE webhook_events (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL
        CONSTRAINT webhook_events_tenant_id_fkey REFERENCES tenants(id) ON DELETE CASCADE,
    webhook_id uuid NOT NULL
        CONSTRAINT webhook_events_webhook_id_fkey REFERENCES webhooks(id) ON DELETE CASCADE,
    event_type varchar(255) NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    status varchar(255) NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    last_attempt_at timestamp,
    delivered_at timestamp,
    error text,
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE INDEX webhook_events_tenant_id_index ON webhook_events (tenant_id);
CREATE INDEX webhook_events_webhook_id_index ON webhook_events (webhook_id);
CREATE INDEX webhook_events_status_index ON webhook_events (status);
CREATE INDEX webhook_events_webhook_id_inserted_at_index
    ON webhook_events (webhook_id, inserted_at);

ALTER TABLE webhook_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON webhook_events USING (tenant_id = current_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_events TO loopctl_app;
GRANT ALL ON webhook_events TO loopctl_admin;
