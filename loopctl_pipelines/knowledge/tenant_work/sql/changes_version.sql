-- PostgreSQL's own counters of changed rows. While they are constant, none of their rows has changed;
-- reading them costs the same for any number of rows. Null if the server does not count.
SELECT CASE
    WHEN current_setting('track_counts')::boolean THEN
        concat_ws(
            '/',
            extract(epoch FROM pg_postmaster_start_time()),
            (
                SELECT sum(
                    pg_stat_get_tuples_inserted(oid)
                    + pg_stat_get_tuples_updated(oid)
                    + pg_stat_get_tuples_deleted(oid)
                )
                FROM unnest(%(tables)s::text[]::regclass[]) AS oid
            )
        )
END
