"""The revision that this version needs is the one that Alembic upgrades to."""

import psycopg

from loopctl_pipelines.database.schema_revision import head_revision, is_upgraded


def test_an_upgraded_database_has_the_revision_that_is_needed(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT version_num FROM loopctl_pipelines.alembic_version")
        assert found.fetchall() == [(head_revision(),)]
        assert is_upgraded(connection)
