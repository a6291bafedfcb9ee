"""The tenants of loopctl, and how they become partition keys.

No tenant's data: only ids, slugs, names and status.
"""
