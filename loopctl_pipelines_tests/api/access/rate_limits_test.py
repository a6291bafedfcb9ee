"""How many requests a key and its tenant have in a minute."""

from uuid import UUID

import pytest

from loopctl_pipelines.api.access.rate_limits import RateLimits
from loopctl_pipelines_tests.api.rows import add_key, set_rate_limit
from loopctl_pipelines_tests.api.serving import ANOMALIES, Api, message
from loopctl_pipelines_tests.usage import id_of

KEY, TENANT = UUID(int=1), UUID(int=2)


def _admitted(limits: RateLimits, key: UUID, tenant: UUID, requests: int) -> int:
    """Return how many of so many requests are admitted, each key having 5 a minute."""
    return sum(limits.count(key, tenant, 5).admitted for _ in range(requests))


def _within(found: int, limit: int) -> bool:
    """Tell whether so many were admitted as the limit says, should a minute have begun meanwhile.

    The window slides: at the turn of a minute a part of the limit is there again.
    """
    return limit <= found <= 2 * limit


def test_a_key_has_its_limit_and_no_more() -> None:
    assert _within(_admitted(RateLimits(), KEY, TENANT, 100), 5)


def test_another_key_has_a_limit_of_its_own() -> None:
    limits = RateLimits()
    _admitted(limits, KEY, TENANT, 100)
    assert _within(_admitted(limits, UUID(int=3), TENANT, 100), 5)


def test_a_tenant_has_three_times_what_a_key_has() -> None:
    limits = RateLimits()
    admitted = [_admitted(limits, UUID(int=n), TENANT, 100) for n in range(10)]
    assert _within(sum(admitted), 15)


def test_another_tenant_is_not_affected() -> None:
    limits = RateLimits()
    for n in range(10):
        _admitted(limits, UUID(int=n), TENANT, 100)
    assert _within(_admitted(limits, UUID(int=99), UUID(int=4), 100), 5)


def test_a_request_that_is_refused_for_its_tenant_costs_the_key_nothing() -> None:
    limits = RateLimits()
    for n in range(10):
        _admitted(limits, UUID(int=n), TENANT, 100)
    fresh = UUID(int=99)
    standing = [limits.count(fresh, TENANT, 5) for _ in range(20)][-1]
    assert not standing.admitted
    assert standing.remaining > 0
    assert standing.retry_seconds >= 1


def test_a_key_has_300_requests_a_minute_by_default() -> None:
    standing = RateLimits().count(KEY, TENANT, None)
    assert (standing.limit, standing.remaining) == (300, 299)


def test_the_headers_tell_what_is_left(api: Api, key: str) -> None:
    first, second = (api.get(ANOMALIES, key) for _ in range(2))
    assert first.headers["x-ratelimit-limit"] == "300"
    remaining = [int(answer.headers["x-ratelimit-remaining"]) for answer in (first, second)]
    assert remaining == [299, 298]
    assert int(first.headers["x-ratelimit-reset"]) > 1_700_000_000


def test_errors_of_a_known_key_have_the_headers_too(api: Api) -> None:
    agent = add_key(api.database, "acme", "agent")
    answer = api.get(ANOMALIES, agent)
    assert message(answer)[0] == 403
    assert answer.headers["x-ratelimit-remaining"] == "299"
    assert "x-ratelimit-limit" not in api.get(ANOMALIES, "unknown").headers


def test_beyond_the_limit_it_is_refused_and_told_how_long_to_wait(api: Api, key: str) -> None:
    set_rate_limit(api.database, "acme", 3)
    answers = [api.get(ANOMALIES, key) for _ in range(10)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert _within(10 - len(refused), 3)
    for answer in refused:
        assert message(answer) == (429, "Rate limit exceeded")
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert 1 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize("setting", ["x", -1, 0, None, True, 1.5, [5], {"a": 1}, int("9" * 999)])
def test_a_setting_that_is_no_limit_counts_as_unset(api: Api, key: str, setting: object) -> None:
    set_rate_limit(api.database, "acme", setting)
    assert api.get(ANOMALIES, key).headers["x-ratelimit-limit"] == "300"


def test_a_superadmin_has_no_limit(api: Api) -> None:
    set_rate_limit(api.database, "acme", 1)
    root, acme = add_key(api.database, None), str(id_of("acme"))
    for _ in range(5):
        answer = api.get(ANOMALIES, root, x_impersonate_tenant=acme)
        assert answer.status_code == 200
        assert "x-ratelimit-limit" not in answer.headers
