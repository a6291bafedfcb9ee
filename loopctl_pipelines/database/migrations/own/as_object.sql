-- A document as an object: loopctl's columns take any JSON, and an array or a number has no keys.
-- WHEN jsonb_typeof(...) = 'object', not CASE ... WHEN 'object': a sharded PostgreSQL compares the inlined
-- form as text with boolean.
CREATE OR REPLACE FUNCTION loopctl_pipelines.as_object(document jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(document) = 'object' THEN document ELSE '{}' END;
