"""A requirement: one thing that commands need of their surroundings, and whether it is met."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from loopctl_pipelines.errors import PipelinesError


class RequirementState(StrEnum):
    """Whether a requirement is met.

    A warning concerns only some of the work; `not checked` is what depends on a requirement that
    failed.
    """

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement.

    Attributes:
        name: what is needed, in a few words.
        state: whether it is met.
        detail: what was found, or what is wrong with the SQL or the command that mends it.
    """

    name: str
    state: RequirementState
    detail: str


def examine(
    name: str,
    test: Callable[[], str],
    *,
    otherwise: RequirementState = RequirementState.FAILED,
) -> Requirement:
    """Return the requirement as the test finds it.

    Args:
        name: of the requirement.
        test: returns what it found, or raises a PipelinesError that says what to do.
        otherwise: the state if it raises one.
    """
    try:
        return Requirement(name, RequirementState.OK, test())
    except PipelinesError as error:
        return Requirement(name, otherwise, str(error))


def not_checked(name: str, needed: str) -> Requirement:
    """Return a requirement that cannot be tested because the one called `needed` is not met."""
    return Requirement(name, RequirementState.NOT_CHECKED, f"needs: {needed}")
