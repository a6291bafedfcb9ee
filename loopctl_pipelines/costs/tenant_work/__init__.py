"""What statements on one tenant's days share: transaction settings, archived days, concurrency.

No statement on costs.
"""
