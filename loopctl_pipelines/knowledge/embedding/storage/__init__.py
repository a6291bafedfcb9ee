"""Statements on articles and their embedding state, one tenant at a time; the claim on a tenant.

No call to a vendor belongs here.
"""
