-- Locks the circuit's row, inserting an empty one first if there is none. Of two transactions that
-- insert at once, the second waits and then returns what the first has written.
INSERT INTO loopctl_pipelines.circuit_breakers AS circuit (tenant_id, vendor, updated_at)
VALUES (%(tenant_id)s, %(vendor)s, %(now)s)
ON CONFLICT (tenant_id, vendor) DO UPDATE
SET updated_at = excluded.updated_at
RETURNING
    circuit.failures,
    circuit.opened_at,
    circuit.open_until,
    circuit.probe_id,
    circuit.probe_until
