-- A key that is neither revoked nor expired, its tenant's status, and the tenant that a superadmin
-- asks to impersonate: all that admits a request or refuses it, in one snapshot.
SELECT
    api_key.id,
    api_key.name,
    api_key.role,
    api_key.tenant_id,
    tenant.status AS tenant_status,
    -- settings are free JSON: what is no number from 1 to 9,999,999 counts as unset
    CASE
        WHEN tenant.settings ->> 'rate_limit_requests_per_minute' ~ '^[1-9][0-9]{0,6}$'
            THEN (tenant.settings ->> 'rate_limit_requests_per_minute')::integer
    END AS requests_per_minute,
    (
        api_key.last_used_at IS NULL
        OR api_key.last_used_at < now() AT TIME ZONE 'UTC' - interval '1 minute'
    ) AS use_is_due,
    api_key.agent_id,
    impersonated.id AS impersonated_id
FROM api_keys AS api_key
LEFT JOIN tenants AS tenant
    ON tenant.id = api_key.tenant_id
LEFT JOIN tenants AS impersonated
    ON impersonated.id = %(impersonate)s
    AND api_key.role = 'superadmin'
WHERE api_key.key_hash = %(key_hash)s
  AND api_key.revoked_at IS NULL
  AND (api_key.expires_at IS NULL OR api_key.expires_at > now() AT TIME ZONE 'UTC')
