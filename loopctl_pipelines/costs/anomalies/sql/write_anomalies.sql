-- Writes the changes to one tenant's anomalies, and audits each one that is opened or resolved. An
-- anomaly that a person resolved in the meantime is not changed.
-- Returns one row per written anomaly: its id, the latest day in its metadata, and the change.
WITH updated AS (
    UPDATE cost_anomalies AS anomaly
    SET
        story_cost_millicents = change.cost,
        reference_avg_millicents = change.reference,
        deviation_factor = change.factor,
        metadata = loopctl_pipelines.as_object(anomaly.metadata) || change.metadata,
        updated_at = now() AT TIME ZONE 'UTC'
    FROM jsonb_to_recordset(%(updated)s::jsonb) AS change (
        id uuid, cost bigint, reference bigint, factor numeric, metadata jsonb
    )
    WHERE anomaly.tenant_id = %(tenant_id)s
      AND anomaly.id = change.id
      AND NOT anomaly.resolved
    RETURNING anomaly.id, anomaly.metadata
),

resolved AS (
    UPDATE cost_anomalies AS anomaly
    SET
        resolved = true,
        metadata = loopctl_pipelines.as_object(anomaly.metadata) || change.metadata,
        updated_at = now() AT TIME ZONE 'UTC'
    FROM jsonb_to_recordset(%(resolved)s::jsonb) AS change (id uuid, metadata jsonb)
    WHERE anomaly.tenant_id = %(tenant_id)s
      AND anomaly.id = change.id
      AND NOT anomaly.resolved
    RETURNING anomaly.*
),

opened AS (
    INSERT INTO cost_anomalies AS anomaly (
        id, tenant_id, story_id, anomaly_type, story_cost_millicents, reference_avg_millicents,
        deviation_factor, resolved, metadata, inserted_at, updated_at, archived
    )
    SELECT
        gen_random_uuid(), %(tenant_id)s, change.story_id, change.anomaly_type, change.cost,
        change.reference, change.factor, false,
        -- read from `resolved`, so that the archived one has left the unique index before
        change.metadata || jsonb_strip_nulls(jsonb_build_object('supersedes', resolved.id)),
        now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', false
    FROM jsonb_to_recordset(%(opened)s::jsonb) AS change (
        story_id uuid, anomaly_type text, cost bigint, reference bigint, factor numeric,
        metadata jsonb
    )
    LEFT JOIN resolved
        ON resolved.story_id = change.story_id
        AND resolved.anomaly_type = change.anomaly_type
    -- loopctl opened one in the meantime
    ON CONFLICT (tenant_id, story_id, anomaly_type) WHERE resolved = false DO UPDATE SET
        story_cost_millicents = excluded.story_cost_millicents,
        reference_avg_millicents = excluded.reference_avg_millicents,
        deviation_factor = excluded.deviation_factor,
        metadata = loopctl_pipelines.as_object(anomaly.metadata) || excluded.metadata,
        updated_at = excluded.updated_at
    -- xmax is 0 only in a row that this statement inserted (RETURNING old.* needs PostgreSQL 18)
    RETURNING anomaly.*, anomaly.xmax = 0 AS is_new
),

audited AS (
    INSERT INTO audit_log (
        tenant_id, entity_type, entity_id, action, actor_type, old_state, new_state, metadata
    )
    SELECT
        tenant_id,
        'cost_anomaly',
        id,
        'detected',
        'system',
        NULL,
        jsonb_build_object(
            'anomaly_type', anomaly_type,
            'story_id', story_id,
            'deviation_factor', deviation_factor::text,
            'story_cost_millicents', story_cost_millicents,
            'reference_avg_millicents', reference_avg_millicents
        ),
        jsonb_build_object(
            'anomaly_id', id,
            'story_id', story_id,
            'anomaly_type', anomaly_type,
            'deviation_factor', deviation_factor::text
        )
    FROM opened
    WHERE is_new
    UNION ALL
    SELECT
        tenant_id,
        'cost_anomaly',
        id,
        'resolved',
        'system',
        jsonb_build_object('resolved', false),
        jsonb_build_object('resolved', true),
        jsonb_build_object(
            'anomaly_id', id,
            'story_id', story_id,
            'anomaly_type', anomaly_type,
            'resolution', metadata ->> 'resolution'
        )
    FROM resolved
    ON CONFLICT DO NOTHING
)

SELECT
    id,
    metadata ->> 'period' AS day,
    CASE WHEN is_new THEN 'opened' ELSE 'updated' END AS change
FROM opened
UNION ALL
SELECT id, metadata ->> 'period', 'updated'
FROM updated
UNION ALL
SELECT id, metadata ->> 'period', 'resolved'
FROM resolved
