-- PostgreSQL's own counters of changed rows. While they are constant, no article, key or model has changed;
-- reading them costs the same for any number of articles. Null if the server does not count.
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
                FROM unnest(ARRAY['articles', 'tenant_llm_settings', 'tenants']::regclass[]) AS oid
            )
        )
END
