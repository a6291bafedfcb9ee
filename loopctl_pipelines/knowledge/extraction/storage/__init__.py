"""The statements of extraction, each for a transaction of one tenant.

No request to a vendor.
"""
