CREATE FUNCTION audit_log_prevent_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is append-only: UPDATE refused';
END;
$$;
