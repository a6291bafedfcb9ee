-- The most used budgets of a tenant that these messages are about. An epic is named by its id.
SELECT
    COALESCE(audited.new_state ->> 'threshold_type', '') AS threshold,
    COALESCE(audited.new_state ->> 'scope_type', '') AS scope,
    COALESCE(project.name, story.title, audited.new_state ->> 'scope_id', '') AS title,
    COALESCE(audited.new_state ->> 'utilization_pct', '') AS percent
FROM loopctl_pipelines.alerted_findings AS finding
INNER JOIN audit_log AS audited
    ON audited.tenant_id = finding.tenant_id AND audited.id = finding.finding_id
LEFT JOIN projects AS project
    ON project.tenant_id = audited.tenant_id
    AND project.id::text = audited.new_state ->> 'scope_id'
LEFT JOIN stories AS story
    ON story.tenant_id = audited.tenant_id
    AND story.id::text = audited.new_state ->> 'scope_id'
WHERE finding.tenant_id = %(tenant_id)s
  AND finding.message_id = ANY(%(message_ids)s)
  AND finding.kind = 'budget'
  -- by the index of a tenant's entries: the log is long
  AND audited.entity_type = 'token_budget'
  AND audited.inserted_at >= %(since)s
ORDER BY length(audited.new_state ->> 'utilization_pct') DESC, percent DESC, audited.id
LIMIT %(most)s
