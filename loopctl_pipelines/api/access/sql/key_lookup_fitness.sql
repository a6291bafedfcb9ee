-- Whether the login sees the API keys of all tenants, and what it and the role of tenant transactions
-- lack to serve them.
SELECT
    row_security_active('api_keys') AS bound,
    ARRAY(
        SELECT format('%%s lacks %%s on %%s', holder, privilege, name)
        FROM (
            VALUES
                (current_user::text, 'SELECT', 'api_keys'),
                (current_user::text, 'UPDATE', 'api_keys'),
                (current_user::text, 'SELECT', 'tenants'),
                (%(role)s::text, 'SELECT', 'agents')
        ) AS needed (holder, privilege, name)
        WHERE NOT has_table_privilege(holder, name, privilege)
    ) AS lacking
