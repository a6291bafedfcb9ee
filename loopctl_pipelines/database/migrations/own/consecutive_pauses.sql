-- The number of consecutive pauses that the provider requested without accepting a request in between:
-- if it does not say how long to wait, each pause is longer than the one before.
ALTER TABLE loopctl_pipelines.embedding_tenants
    ADD COLUMN IF NOT EXISTS consecutive_pauses integer NOT NULL DEFAULT 0;
