DELETE FROM asset_check_executions
WHERE id = ANY (%(ids)s::bigint[])
