-- Whether the login sees the API keys of all tenants, and may note their use.
SELECT
    row_security_active('api_keys') AS bound,
    ARRAY(
        SELECT privilege || ' on ' || name
        FROM (
            VALUES ('api_keys', 'SELECT'), ('api_keys', 'UPDATE'), ('tenants', 'SELECT')
        ) AS needed (name, privilege)
        WHERE NOT has_table_privilege(name, privilege)
        ORDER BY 1
    ) AS lacking
