-- The customers. Every other row belongs to one of them; this table has no row-level security.
CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    name varchar(255) NOT NULL,
    slug varchar(255) NOT NULL,
    status varchar(255) NOT NULL DEFAULT 'active',
    inserted_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    email varchar(255),
    settings jsonb NOT NULL DEFAULT '{}',
    default_story_budget_millicents bigint,
    token_data_retention_days integer,
    audit_signing_public_key bytea,
    audit_key_rotated_at timestamp,
    custody_halted_at timestamp,
    trust_tier varchar(255) NOT NULL DEFAULT 'agent_rooted',
    CONSTRAINT tenants_trust_tier_check CHECK (trust_tier IN ('human_anchored', 'agent_rooted'))
);

CREATE UNIQUE INDEX tenants_slug_index ON tenants (slug);
CREATE INDEX tenants_status_index ON tenants (status);
CREATE UNIQUE INDEX tenants_email_index ON tenants (email);

-- loopctl grants its role more. Without row-level security, one tenant could then change another.
GRANT SELECT ON tenants TO loopctl_app;
GRANT ALL ON tenants TO loopctl_admin;
