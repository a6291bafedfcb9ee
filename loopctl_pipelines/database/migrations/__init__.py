"""The Alembic environment: revisions, and the SQL of loopctl's own tables in `loopctl`."""
