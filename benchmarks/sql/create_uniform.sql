-- A number from 0 to below 1 that depends on nothing but its arguments: the same data every time.
CREATE FUNCTION pg_temp.uniform(purpose text, tenant bigint, number bigint) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN (hashtextextended(purpose, tenant * 1000000000 + number) & 1048575) / 1048576.0::float8
