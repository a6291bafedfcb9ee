"""Who is admitted, and the answers for everybody else."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from loopctl_pipelines_tests.api.rows import (
    add_anomaly,
    add_key,
    rows_of,
    set_rate_limit,
    set_status,
)
from loopctl_pipelines_tests.api.serving import ANOMALIES, Api, message
from loopctl_pipelines_tests.usage import id_of

HOUR = timedelta(hours=1)
INVALID = (401, "Invalid API key")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _tenants(response: httpx2.Response) -> set[str]:
    assert response.status_code == 200
    return {item["tenant_id"] for item in response.json()["data"]}


@pytest.fixture(autouse=True)
def _anomalies(api: Api) -> None:
    for slug in ("acme", "other"):
        add_anomaly(api.database, slug)


def test_a_key_opens_its_own_tenant(api: Api, key: str) -> None:
    assert _tenants(api.get(ANOMALIES, key)) == {str(id_of("acme"))}


@pytest.mark.parametrize("unknown", ["lc_unknown", "x" * 5000, "lc_\xff"])
def test_an_unknown_key_is_invalid(api: Api, unknown: str) -> None:
    header = (b"authorization", b"Bearer " + unknown.encode("latin-1"))
    response = api.client.get(ANOMALIES, headers=[header])
    assert message(response) == INVALID
    assert response.headers["www-authenticate"] == "Bearer"


def test_the_prefix_and_the_hash_of_a_key_are_no_keys(api: Api, key: str) -> None:
    (row,) = rows_of(api.database, "api_keys")
    for part in (key[3:], key[:-1], key + " x", row["key_hash"], row["key_prefix"]):
        assert message(api.get(ANOMALIES, part)) == INVALID


def test_a_revoked_key_is_invalid(api: Api) -> None:
    revoked = add_key(api.database, "acme", revoked_at=_now() - HOUR)
    assert message(api.get(ANOMALIES, revoked)) == INVALID


def test_a_key_is_valid_until_it_expires(api: Api) -> None:
    assert api.get(ANOMALIES, add_key(api.database, "acme", expires_at=_now() + HOUR)).is_success
    expired = add_key(api.database, "acme", expires_at=_now() - timedelta(seconds=1))
    assert message(api.get(ANOMALIES, expired)) == INVALID


@pytest.mark.parametrize("status", ["suspended", "deactivated", "pending_enrollment"])
def test_a_tenant_that_is_not_active_is_denied(api: Api, key: str, status: str) -> None:
    set_status(api.database, "acme", status)
    assert message(api.get(ANOMALIES, key)) == (403, "Access denied")


@pytest.mark.parametrize("header", [None, "Basic abc", "bearer x", "Bearer", "x"])
def test_without_a_bearer_header_it_is_unauthorized(api: Api, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    assert message(api.client.get(ANOMALIES, headers=headers)) == (401, "Unauthorized")


def test_two_headers_are_no_key(api: Api, key: str) -> None:
    twice = [("authorization", f"Bearer {key}"), ("authorization", f"Bearer {key}")]
    assert message(api.client.get(ANOMALIES, headers=twice)) == (401, "Unauthorized")


def test_an_invalid_key_is_told_before_the_body_is_looked_at(api: Api) -> None:
    headers = {"authorization": "Bearer no", "content-type": "application/json"}
    response = api.client.patch(f"{ANOMALIES}/{uuid4()}", headers=headers, content=b"{")
    assert message(response) == INVALID


def test_a_superadmin_acts_for_the_tenant_that_the_header_names(api: Api) -> None:
    root = add_key(api.database, None)
    for slug in ("acme", "other"):
        response = api.get(ANOMALIES, root, x_impersonate_tenant=str(id_of(slug)))
        assert _tenants(response) == {str(id_of(slug))}


@pytest.mark.parametrize("name", ["X-Impersonate-Tenant", "X-Effective-Role", "Content-Type"])
def test_a_header_that_decides_something_and_is_given_twice_is_refused(api: Api, name: str) -> None:
    root, acme = add_key(api.database, None), str(id_of("acme"))
    given = {"Authorization": f"Bearer {root}", "X-Impersonate-Tenant": acme, name: acme}
    twice = [*given.items(), (name.lower(), str(id_of("other")))]
    response = api.client.get(ANOMALIES, headers=twice)
    assert message(response) == (400, f"{name} must be given once, not 2 times")


def test_a_superadmin_may_act_for_a_suspended_tenant(api: Api) -> None:
    set_status(api.database, "acme", "suspended")
    root, acme = add_key(api.database, None), str(id_of("acme"))
    assert _tenants(api.get(ANOMALIES, root, x_impersonate_tenant=acme)) == {acme}


@pytest.mark.parametrize("tenant", [str(UUID(int=7)), "acme", "", "' OR 1=1 --", "0" * 32])
def test_a_superadmin_cannot_act_for_a_tenant_that_is_not_there(api: Api, tenant: str) -> None:
    root = add_key(api.database, None)
    response = api.get(ANOMALIES, root, x_impersonate_tenant=tenant)
    assert message(response) == (404, "Tenant not found")


def test_a_superadmin_without_a_tenant_is_told_what_to_do(api: Api) -> None:
    status, text = message(api.get(ANOMALIES, add_key(api.database, None)))
    assert status == 400
    assert "X-Impersonate-Tenant" in text


def test_a_superadmin_may_act_in_a_lower_role(api: Api) -> None:
    root, acme = add_key(api.database, None), str(id_of("acme"))
    as_agent = api.get(ANOMALIES, root, x_impersonate_tenant=acme, x_effective_role="agent")
    assert message(as_agent) == (403, "Insufficient permissions. Required role: user")
    as_user = api.get(ANOMALIES, root, x_impersonate_tenant=acme, x_effective_role="user")
    assert as_user.is_success


@pytest.mark.parametrize("role", ["superadmin", "root", "", "User"])
def test_a_superadmin_cannot_act_in_another_role(api: Api, role: str) -> None:
    root, acme = add_key(api.database, None), str(id_of("acme"))
    response = api.get(ANOMALIES, root, x_impersonate_tenant=acme, x_effective_role=role)
    assert message(response)[0] == 400


def test_the_headers_of_a_superadmin_do_nothing_for_other_keys(api: Api, key: str) -> None:
    other = {"x_impersonate_tenant": str(id_of("other")), "x_effective_role": "superadmin"}
    assert _tenants(api.get(ANOMALIES, key, **other)) == {str(id_of("acme"))}
    agent = add_key(api.database, "acme", "agent")
    assert message(api.get(ANOMALIES, agent, x_effective_role="user"))[0] == 403


def test_a_revocation_counts_for_the_next_request(api: Api, key: str) -> None:
    assert api.get(ANOMALIES, key).is_success
    with api.database.operator_transaction() as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now() AT TIME ZONE 'UTC'")
    assert message(api.get(ANOMALIES, key)) == INVALID


def test_the_rate_limit_comes_before_the_role(api: Api) -> None:
    set_rate_limit(api.database, "acme", 1)
    agent = add_key(api.database, "acme", "agent")
    told = [message(api.get(ANOMALIES, agent))[0] for _ in range(4)]
    assert told[0] == 403
    assert 429 in told
