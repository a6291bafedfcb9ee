"""A server on a database with the active tenants acme and other, which have a story each."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.api.rows import add_key, add_tenants, set_rate_limit
from loopctl_pipelines_tests.api.serving import Api, serving


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    """Serve a database that is the test's own."""
    add_tenants(database, "acme", "other")
    with serving(database) as api:
        yield api


@pytest.fixture
def key(api: Api) -> str:
    """Give a user's key of acme."""
    return add_key(api.database, "acme")


@pytest.fixture(scope="module")
def shared_api(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Api]:
    """Serve a database that the module's tests share: they only read."""
    with new_database() as url, closing(Database(url, "loopctl_app")) as database:
        add_tenants(database, "acme", "other")
        with serving(database) as api:
            yield api


@pytest.fixture(scope="module")
def shared_key(shared_api: Api) -> str:
    """Give a user's key of acme whose rate limit no test reaches."""
    set_rate_limit(shared_api.database, "acme", 1_000_000)
    return add_key(shared_api.database, "acme")
