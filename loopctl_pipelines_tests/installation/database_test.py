"""TLS is asked for where data leave the machine."""

import pytest

from loopctl_pipelines.installation.database import tls_requirement
from loopctl_pipelines.installation.requirement import RequirementState


@pytest.mark.parametrize(
    ("in_use", "address", "state"),
    [
        (True, "192.0.2.7", RequirementState.OK),
        (False, "", RequirementState.OK),
        (False, "127.0.0.1", RequirementState.OK),
        (False, "::1", RequirementState.OK),
        (False, "192.0.2.7", RequirementState.WARNING),
        (False, "2001:db8::7", RequirementState.WARNING),
    ],
)
def test_a_connection_to_another_machine_without_tls_is_a_warning(
    in_use: bool,  # noqa: FBT001 - a parameter of the test
    address: str,
    state: RequirementState,
) -> None:
    assert tls_requirement(in_use=in_use, address=address).state is state
