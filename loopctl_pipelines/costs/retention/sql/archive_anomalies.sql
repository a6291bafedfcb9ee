-- Archives a batch of a tenant's anomalies, resolved or not.
WITH batch AS (
    SELECT id
    FROM cost_anomalies
    WHERE tenant_id = %(tenant_id)s
      AND inserted_at >= %(since)s
      AND inserted_at < %(before)s
      AND NOT archived
    ORDER BY inserted_at
    LIMIT %(batch)s
),

archived AS (
    UPDATE cost_anomalies
    SET archived = true,
        updated_at = now() AT TIME ZONE 'UTC'
    WHERE tenant_id = %(tenant_id)s
      AND id IN (SELECT id FROM batch)
      AND NOT archived
    RETURNING inserted_at
)

SELECT count(*) AS done, max(inserted_at) AS last, 0 AS late
FROM archived
