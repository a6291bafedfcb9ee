-- Roles belong to the whole cluster: another database's upgrade may create them at the same moment.
DO $$
BEGIN
    IF to_regrole('loopctl_app') IS NULL THEN
        CREATE ROLE loopctl_app NOLOGIN;
        -- a login that is no superuser needs membership to act as the role
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            GRANT loopctl_app TO CURRENT_USER;
        END IF;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    IF to_regrole('loopctl_admin') IS NULL THEN
        CREATE ROLE loopctl_admin NOLOGIN BYPASSRLS;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- a grant that is there is not written again: it may be loopctl's own
DO $$
DECLARE
    member name;
BEGIN
    FOREACH member IN ARRAY ARRAY['loopctl_app', 'loopctl_admin'] LOOP
        IF NOT EXISTS (
            SELECT
            FROM pg_namespace, aclexplode(nspacl)
            WHERE nspname = 'public'
              AND grantee = to_regrole(member::text)
              AND privilege_type = 'USAGE'
        ) THEN
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', member);
        END IF;
    END LOOP;
END $$;
