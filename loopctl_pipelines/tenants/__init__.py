"""Who is a tenant, and how tenants become partition keys.

No tenant's data: only ids, slugs, names and status.
"""
