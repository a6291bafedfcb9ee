"""The rule that makes a story's cost of a day an anomaly: the operator's, and tenants' changes."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo


def _number(value: object, info: ValidationInfo) -> object:
    # of JSON, pydantic takes "3.0" for a decimal as well
    if info.mode == "json":
        return Decimal(str(value)) if type(value) in (int, float) else None
    return value


_Factor = Annotated[Decimal, BeforeValidator(_number)]


class Baseline(StrEnum):
    """What a story's cost is compared with, within its epic and day.

    `epic_average` is loopctl's own: the stored average, truncated to millicents, which contains the
    tested story. The other two leave the story out and are exact.
    """

    EPIC_AVERAGE = "epic_average"
    PEER_AVERAGE = "peer_average"
    PEER_MEDIAN = "peer_median"


class AnomalyRule(BaseModel):
    """A story deviates if its cost is above `high_factor` or below `low_factor` times the baseline.

    Attributes:
        baseline: what it is compared with.
        high_factor: a story strictly above this multiple of the baseline is `high_cost`.
        low_factor: a story strictly below this multiple is `suspiciously_low`.
        minimum_stories: an epic with fewer stories, the tested one included, is not compared.
        floor_millicents: a story less than this away from the baseline is not worth a report.
        days: UTC days that are added up, the period being the last; 1 is the period alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline: Annotated[
        Baseline, Field(description="epic_average, peer_average or peer_median")
    ] = Baseline.EPIC_AVERAGE
    high_factor: Annotated[
        _Factor,
        Field(gt=1, le=1_000_000, decimal_places=6, description="a number above 1, up to 1000000"),
    ] = Decimal("3.0")
    low_factor: Annotated[
        _Factor, Field(ge=0, lt=1, decimal_places=6, description="a number from 0 to below 1")
    ] = Decimal("0.1")
    minimum_stories: Annotated[
        int, Field(ge=1, le=10_000, description="a whole number from 1 to 10000")
    ] = 1
    floor_millicents: Annotated[
        int,
        Field(ge=0, le=10**15, description="a whole number of millicents from 0 to 10^15"),
    ] = 0
    days: Annotated[int, Field(ge=1, le=31, description="a whole number from 1 to 31")] = 1

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Build the rule from texts by field name; fields that are not given keep their default.

        Raises:
            AnomalyRuleError: naming the field that cannot be used.
        """
        try:
            return cls.model_validate_strings(given)
        except ValidationError as error:
            problem = AnomalyRuleError.of(error)
        raise problem

    def changed_by(self, settings: str) -> Self:
        """Return this rule with the fields that a JSON object gives.

        Raises:
            AnomalyRuleError: naming the field that cannot be used.
        """
        try:
            given = AnomalyRule.model_validate_json(settings, strict=True)
        except ValidationError as error:
            problem = AnomalyRuleError.of(error)
        else:
            changes = {name: getattr(given, name) for name in given.model_fields_set}
            return self.model_copy(update=changes)
        raise problem


class AnomalyRuleError(ValueError):
    """A field of the rule cannot be used. Repeats no value: one of a tenant's is its own affair.

    Attributes:
        field: the field; None if it is not a field, or if there is no JSON object at all.
        problem: what it must be.
    """

    def __init__(self, field: str | None, problem: str) -> None:
        super().__init__(f"{field or 'anomaly rule'} {problem}")
        self.field = field
        self.problem = problem

    @classmethod
    def of(cls, error: ValidationError) -> Self:
        """Tell of the first thing that is wrong."""
        place = error.errors(include_url=False, include_input=False)[0]["loc"]
        field = str(place[0]) if place else None
        known = AnomalyRule.model_fields
        if field in known:
            return cls(field, f"must be {known[field].description}")
        return cls(None, f"must be an object whose keys are among {', '.join(known)}")
