-- The tenant's own setting decides whether it keeps a curation log.
INSERT INTO kb_curation_events (
    id, tenant_id, kind, summary, refs, actor, metadata, at, inserted_at
)
SELECT
    %(id)s,
    tenant.id,
    %(kind)s,
    %(summary)s,
    ARRAY[%(article_id)s]::uuid[],
    'proposal_gate',
    %(metadata)s,
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
FROM tenants AS tenant
WHERE tenant.id = %(tenant_id)s
  AND tenant.settings ->> 'kb_curation_log' = 'true'
ON CONFLICT DO NOTHING
