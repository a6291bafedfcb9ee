-- Whether row-level security binds the login on a table: then it sees no tenant's rows there.
SELECT row_security_active(%(table)s::text)
