CREATE FUNCTION api_key_role_immutable() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.role != NEW.role THEN
    RAISE EXCEPTION 'api_key_role_immutable'
      USING ERRCODE = 'P0001';
  END IF;
  RETURN NEW;
END;
$$;
