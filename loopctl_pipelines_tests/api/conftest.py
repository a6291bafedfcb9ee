"""A server on the test's database, with a few tenants and keys."""

from collections.abc import Iterator

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.api.rows import add_key, add_tenants
from loopctl_pipelines_tests.api.serving import Api, serving


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    """Serve the tenants acme and other, both active."""
    add_tenants(database, "acme", "other")
    with serving(database) as api:
        yield api


@pytest.fixture
def key(api: Api) -> str:
    """Give a user's key of acme."""
    return add_key(api.database, "acme")
