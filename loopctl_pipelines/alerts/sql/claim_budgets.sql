-- Claims the tenant's budgets whose warning or end was audited for a message.
INSERT INTO loopctl_pipelines.alerted_findings (tenant_id, finding_id, kind, message_id)
SELECT
    audited.tenant_id,
    audited.id,
    'budget',
    %(message_id)s
FROM audit_log AS audited
WHERE audited.tenant_id = %(tenant_id)s
  AND audited.entity_type = 'token_budget'
  AND audited.action = 'threshold_crossed'
  AND audited.inserted_at >= %(since)s
  AND (
      audited.new_state ->> 'scope_type' IS DISTINCT FROM 'story'
      OR audited.new_state ->> 'threshold_type' = 'warning'
  )
ON CONFLICT DO NOTHING
