-- A tenant's anomaly that was resolved before. A statement of its own: one that was resolved while
-- the update waited for its row is not to be seen in the update's snapshot.
SELECT id, updated_at, false AS newly
FROM cost_anomalies
WHERE tenant_id = %(tenant_id)s
  AND id = %(anomaly_id)s
  AND resolved
