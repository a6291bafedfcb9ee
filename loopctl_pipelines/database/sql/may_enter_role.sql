-- Whether the login may SET ROLE to the role of tenant transactions; no row if there is no such role.
SELECT pg_has_role(current_user, oid, %(set_role)s)
FROM pg_roles
WHERE rolname = %(role)s
