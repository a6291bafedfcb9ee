-- No conflict target: key, title and slug are unique, and any of them may be taken.
INSERT INTO articles (
    id, tenant_id, project_id, title, body, category, status, tags, source_type, source_id,
    idempotency_key, metadata, slug, inserted_at, updated_at
)
VALUES (
    %(id)s,
    %(tenant_id)s,
    %(project_id)s,
    %(title)s,
    %(body)s,
    %(category)s,
    %(status)s,
    %(tags)s,
    %(source_type)s,
    %(source_id)s,
    %(idempotency_key)s,
    %(metadata)s,
    %(slug)s,
    now() AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC'
)
ON CONFLICT DO NOTHING
