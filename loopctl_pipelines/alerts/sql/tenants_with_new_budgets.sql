-- The tenants that have budgets whose warning or end was audited and which no message is about: ids
-- only. A story over its budget is an anomaly.
SELECT DISTINCT audited.tenant_id
FROM audit_log AS audited
WHERE audited.tenant_id = ANY(%(tenant_ids)s)
  AND audited.entity_type = 'token_budget'
  AND audited.action = 'threshold_crossed'
  AND audited.inserted_at >= %(since)s
  AND (
      audited.new_state ->> 'scope_type' IS DISTINCT FROM 'story'
      OR audited.new_state ->> 'threshold_type' = 'warning'
  )
  AND NOT EXISTS (
      SELECT FROM loopctl_pipelines.alerted_findings AS finding
      WHERE finding.tenant_id = audited.tenant_id AND finding.finding_id = audited.id
  )
