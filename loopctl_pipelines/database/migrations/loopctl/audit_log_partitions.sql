-- Partitions of audit_log: this month and the next three (UTC), and a default one, without which a
-- row of any other month would fail. Row-level security of the parent does not guard a partition
-- that is read by its own name, so each has its own, and loopctl_app gets no rights on any.
DO $$
DECLARE
    first_month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    month date;
    part name;
BEGIN
    FOR ahead IN 0..3 LOOP
        month := first_month + make_interval(months => ahead);
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)',
            to_char(month, '"audit_log_y"YYYY"m"MM'),
            month,
            (month + interval '1 month')::date
        );
    END LOOP;
    CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;

    FOR part IN
        SELECT child.relname
        FROM pg_inherits AS link
        JOIN pg_class AS child ON child.oid = link.inhrelid
        WHERE link.inhparent = 'audit_log'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format(
            'CREATE POLICY audit_log_insert ON %I FOR INSERT'
            ' WITH CHECK (tenant_id = current_tenant_id())',
            part
        );
        EXECUTE format(
            'CREATE POLICY audit_log_select ON %I FOR SELECT'
            ' USING (tenant_id = current_tenant_id() OR tenant_id IS NULL)',
            part
        );
        -- default privileges of the schema may have granted more
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, loopctl_app', part);
        EXECUTE format('GRANT ALL ON %I TO loopctl_admin', part);
    END LOOP;
END $$;
