-- A tenant's resolved anomaly. In a statement of its own: the update's snapshot does not show an
-- anomaly that was resolved while the update waited for its row.
SELECT id, updated_at, false AS newly
FROM cost_anomalies
WHERE tenant_id = %(tenant_id)s
  AND id = %(anomaly_id)s
  AND resolved
