-- Only failures write a closed circuit's row: once the last one is out of the window, the row
-- says nothing.
DELETE FROM loopctl_pipelines.circuit_breakers AS circuit
WHERE circuit.vendor = %(vendor)s
  AND (
      (circuit.open_until IS NULL AND circuit.updated_at <= %(idle_since)s)
      OR NOT EXISTS (
          SELECT FROM tenants
          WHERE tenants.id = circuit.tenant_id
      )
  )
