-- How many budgets these messages are about, by tenant and threshold: ids, thresholds and counts only.
SELECT
    finding.tenant_id,
    COALESCE(audited.new_state ->> 'threshold_type', '') AS threshold,
    count(*)::integer AS number
FROM loopctl_pipelines.alerted_findings AS finding
INNER JOIN audit_log AS audited
    ON audited.tenant_id = finding.tenant_id AND audited.id = finding.finding_id
WHERE finding.message_id = ANY(%(message_ids)s)
  AND finding.kind = 'budget'
  -- by the index of a tenant's entries: the log is long
  AND audited.entity_type = 'token_budget'
  AND audited.inserted_at >= %(since)s
GROUP BY finding.tenant_id, audited.new_state ->> 'threshold_type'
