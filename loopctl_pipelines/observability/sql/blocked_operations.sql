-- Audited operations without a key since the first of the month (UTC). The join finds them by the index of
-- each tenant; the log of a month may have millions of entries.
SELECT
    entry.tenant_id,
    coalesce(entry.new_state ->> 'operation', '') AS operation,
    count(*) AS blocked
FROM tenants
INNER JOIN audit_log AS entry
    ON entry.tenant_id = tenants.id
    AND entry.entity_type = 'llm_config'
    AND entry.entity_id = tenants.id
WHERE entry.action = 'llm.blocked_no_api_key'
  AND entry.inserted_at >= date_trunc('month', now() AT TIME ZONE 'UTC')
GROUP BY 1, 2
