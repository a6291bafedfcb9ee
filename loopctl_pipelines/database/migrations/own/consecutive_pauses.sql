-- How many pauses in a row the provider has asked for, without accepting a request in between: where it
-- does not say how long a pause is to be, each is longer than the one before.
ALTER TABLE loopctl_pipelines.embedding_tenants
    ADD COLUMN IF NOT EXISTS consecutive_pauses integer NOT NULL DEFAULT 0;
