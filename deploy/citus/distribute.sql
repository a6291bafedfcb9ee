-- Distributes loopctl's tables and ours by tenant, and sets what tenant transactions need there.
-- As a superuser, in loopctl's database on the coordinator, after each `loopctl-pipelines db upgrade`:
--     psql --set ON_ERROR_STOP=1 --file deploy/citus/distribute.sql $LOOPCTL_DATABASE_URL
-- Safe to repeat. loopctl's tables must have been made for it: keys begin with tenant_id, foreign keys
-- hold it, and no row has none (docs/deploying.md).

-- The coordinator connects to the workers as the role of the tenant transaction.
ALTER ROLE loopctl_app LOGIN;

-- Without it, workers do not know the tenant: reads return no row, and writes are refused.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', current_database());
END
$$;

DO $$
DECLARE
    -- on every node: they are joined with, or searched, before a tenant is known
    reference_tables constant text[] := ARRAY['tenants', 'api_keys'];
    -- in the order of their foreign keys
    loopctl_tables constant text[] := ARRAY[
        'agents',
        'projects',
        'epics',
        'stories',
        'dispatches',
        'skills',
        'skill_versions',
        'token_usage_reports',
        'cost_summaries',
        'cost_anomalies',
        'articles',
        'tenant_llm_settings',
        'llm_usage_events',
        'audit_log',
        'review_records',
        'article_links',
        'conflict_resolutions',
        'kb_curation_events',
        'article_access_events',
        'token_budgets',
        'webhooks',
        'webhook_events'
    ];
    distributed constant regclass[] := ARRAY(SELECT logicalrelid FROM pg_dist_partition);
    name text;
    own regclass;
BEGIN
    FOREACH name IN ARRAY reference_tables LOOP
        IF to_regclass('public.' || name) <> ALL (distributed) THEN
            PERFORM create_reference_table('public.' || name);
        END IF;
    END LOOP;

    FOREACH name IN ARRAY loopctl_tables LOOP
        IF to_regclass('public.' || name) <> ALL (distributed) THEN
            PERFORM create_distributed_table('public.' || name, 'tenant_id', colocate_with => CASE name WHEN 'agents' THEN 'default' ELSE 'public.agents' END);
        END IF;
    END LOOP;

    -- tables without a tenant, such as alembic_version and alert_messages, stay on the coordinator
    FOR own IN
        SELECT ours.oid::regclass
        FROM pg_class AS ours
        JOIN pg_attribute AS owner ON owner.attrelid = ours.oid AND owner.attname = 'tenant_id'
        WHERE ours.relnamespace = 'loopctl_pipelines'::regnamespace AND ours.relkind = 'r'
        ORDER BY ours.relname
    LOOP
        IF own <> ALL (distributed) THEN
            PERFORM create_distributed_table(own::text, 'tenant_id', colocate_with => 'public.agents');
        END IF;
    END LOOP;
END
$$;
