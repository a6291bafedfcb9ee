-- As if a run had materialized every tenant's partitions of these days: Dagster's event of one of
-- them, once more for each of the others.
INSERT INTO event_logs (
    run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition
)
SELECT
    done.run_id,
    replace(done.event, done.partition, to_char(day, 'YYYY-MM-DD') || '|' || tenant.partition),
    done.dagster_event_type,
    done.timestamp,
    done.step_key,
    done.asset_key,
    to_char(day, 'YYYY-MM-DD') || '|' || tenant.partition
FROM event_logs AS done
CROSS JOIN dynamic_partitions AS tenant
CROSS JOIN generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS day
WHERE done.partition = %(done)s
  AND tenant.partitions_def_name = 'tenants'
