CREATE FUNCTION audit_log_prevent_delete() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is append-only: DELETE refused';
END;
$$;
