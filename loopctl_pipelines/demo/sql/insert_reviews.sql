INSERT INTO review_records (
    id, tenant_id, story_id, review_type, findings_count, fixes_count, summary, completed_at,
    inserted_at, updated_at
)
SELECT
    id,
    tenant_id,
    story_id,
    review_type,
    findings_count,
    fixes_count,
    summary,
    inserted_at,
    inserted_at,
    inserted_at
FROM jsonb_to_recordset(%(rows)s) AS review (
    id uuid,
    tenant_id uuid,
    story_id uuid,
    review_type text,
    findings_count integer,
    fixes_count integer,
    summary text,
    inserted_at timestamp
)
ON CONFLICT DO NOTHING
