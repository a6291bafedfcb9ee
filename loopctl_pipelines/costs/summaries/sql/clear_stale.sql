-- Before the rollup reads, in a statement of its own: a delete that commits later sets the flag
-- again, and one that committed earlier is visible to the rollup's snapshot. The rollup itself never
-- writes the flag of an existing row, or it would hide a delete that it has not seen.
UPDATE cost_summaries
SET stale = false,
    updated_at = now() AT TIME ZONE 'UTC'
WHERE tenant_id = %(tenant_id)s
  AND period_start >= %(first)s
  AND period_start < %(end)s
  AND stale
RETURNING period_start
