"""Which tenants and days a run covers. Pure: no Dagster, no database.

No statement and no setting; callers pass in what is known.
"""
