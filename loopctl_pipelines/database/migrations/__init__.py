"""The Alembic environment: `versions`, loopctl's own tables (`loopctl`), this project's (`own`).

Nothing reads or writes rows here; a migration never alters or drops a column of loopctl's.
"""
