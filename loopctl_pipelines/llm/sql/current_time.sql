-- The database's clock, one for all processes, unless the caller gives a time.
SELECT coalesce(%(now)s::timestamptz, clock_timestamp())
