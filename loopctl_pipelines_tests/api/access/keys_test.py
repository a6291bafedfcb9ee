"""Keys and the role ladder."""

import hashlib

import pytest

from loopctl_pipelines.api.access.api_key import key_hash
from loopctl_pipelines.api.access.keys import Role, presented_key


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ([], None),
        ([b"Bearer lc_abc"], b"lc_abc"),
        ([b"Bearer "], b""),
        ([b"Bearer  lc_abc"], b" lc_abc"),
        ([b"bearer lc_abc"], None),
        ([b"Bearer"], None),
        ([b"Token lc_abc"], None),
        ([b"lc_abc"], None),
        ([b"Bearer lc_abc", b"Bearer lc_abc"], None),
        ([b"Bearer \xff\xfe"], b"\xff\xfe"),
    ],
)
def test_a_key_is_presented_by_exactly_one_header_that_starts_with_bearer(
    headers: list[bytes], key: bytes | None
) -> None:
    assert presented_key(headers) == key


def test_the_hash_is_of_the_whole_raw_key() -> None:
    raw = b"lc_" + b"x" * 40
    assert key_hash(raw) == hashlib.sha256(raw).hexdigest()
    assert key_hash(raw) != key_hash(raw[3:])


def test_the_ladder_goes_from_agent_to_superadmin() -> None:
    names = ["agent", "orchestrator", "user", "superadmin"]
    roles = [Role.named(name) for name in names]
    assert roles == sorted(roles)
    assert [role.label for role in roles] == names


@pytest.mark.parametrize("name", ["", "User", "admin", "unknown"])
def test_a_role_that_is_not_known_is_below_all_others(name: str) -> None:
    assert Role.named(name) < Role.AGENT
