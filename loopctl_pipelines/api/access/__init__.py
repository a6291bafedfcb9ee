"""Who calls and whether they may: API keys, roles, impersonation, rate limits.

No route and no tenant's data.
"""
