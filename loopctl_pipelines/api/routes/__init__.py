"""One module per resource: its query parameters, its answers and its SQL.

No authentication and no error format: routes depend on those of `access` and `api.errors`.
"""
