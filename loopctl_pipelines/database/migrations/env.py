"""Run by Alembic: works on the connection, and in the transaction, that `upgrade` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="loopctl_pipelines",
)
with context.begin_transaction():
    context.run_migrations()
