"""Alembic runs this module; it uses the connection and transaction of `database.upgrade`."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="loopctl_pipelines",
)
with context.begin_transaction():
    context.run_migrations()
