-- A document as an object: loopctl's columns take any, and an array or a number has no keys.
CREATE OR REPLACE FUNCTION loopctl_pipelines.as_object(document jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(document) WHEN 'object' THEN document ELSE '{}' END;
