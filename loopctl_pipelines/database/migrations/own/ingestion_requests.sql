-- Documents that were handed in for extraction. No foreign key: rows of deleted tenants are removed by
-- the sensor, and a sharded PostgreSQL would refuse one on a table that is not distributed alike.
CREATE TABLE IF NOT EXISTS loopctl_pipelines.ingestion_requests (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    source_type text NOT NULL,
    project_id uuid,
    publish boolean NOT NULL DEFAULT false,
    -- without userinfo, query and fragment; null: the content was handed in
    url text,
    -- the whole address, encrypted, if it has userinfo or a query; removed once it is fetched
    encrypted_address bytea,
    -- text or Markdown; null before the fetch, and again when it was kept long enough
    content text,
    -- hex SHA-256 of the whole address, or of the content that was handed in: loopctl's rule
    content_hash text NOT NULL,
    -- hex SHA-256 of the content
    text_hash text,
    -- tells documents apart for people: a file's name, or an address without its query
    source_name text,
    state text NOT NULL DEFAULT 'pending',
    -- a code: why the last attempt failed, or why the request did
    failure text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    -- SHA-256 of the encrypted key that was rejected, or asked to wait
    key_version bytea,
    articles integer NOT NULL DEFAULT 0,
    chunks integer NOT NULL DEFAULT 0,
    chunks_cut integer NOT NULL DEFAULT 0,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT ingestion_requests_state CHECK (state IN ('pending', 'done', 'failed')),
    CONSTRAINT ingestion_requests_failed CHECK (state <> 'failed' OR failure IS NOT NULL),
    CONSTRAINT ingestion_requests_completed CHECK ((state = 'pending') = (completed_at IS NULL)),
    -- from a closed set, never a server's text
    CONSTRAINT ingestion_requests_failure CHECK (failure ~ '^[a-z_]{1,64}( status=[0-9]{3})?$')
);

-- the same document for the same purpose is queued once
CREATE UNIQUE INDEX IF NOT EXISTS ingestion_requests_pending
    ON loopctl_pipelines.ingestion_requests (
        tenant_id, content_hash, project_id, source_type, publish
    ) NULLS NOT DISTINCT
    WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS ingestion_requests_inserted_at
    ON loopctl_pipelines.ingestion_requests (tenant_id, inserted_at, id);
CREATE INDEX IF NOT EXISTS ingestion_requests_kept_content
    ON loopctl_pipelines.ingestion_requests (completed_at)
    WHERE content IS NOT NULL AND completed_at IS NOT NULL;

ALTER TABLE loopctl_pipelines.ingestion_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE loopctl_pipelines.ingestion_requests FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS tenant_isolation ON loopctl_pipelines.ingestion_requests;
CREATE POLICY tenant_isolation ON loopctl_pipelines.ingestion_requests
    USING (tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')::uuid);

-- As for the circuits: outside a tenant's transaction the owner may count and clean up.
DROP POLICY IF EXISTS owner_outside_tenants ON loopctl_pipelines.ingestion_requests;
CREATE POLICY owner_outside_tenants ON loopctl_pipelines.ingestion_requests
    TO CURRENT_USER
    USING (NULLIF(current_setting('app.current_tenant_id', true), '') IS NULL);
