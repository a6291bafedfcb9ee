"""The rule that makes a story's cost of a day an anomaly: the operator's, and tenants' changes."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo

LIFETIME: Final = "lifetime"
"""Value of `days`: a story's whole cost, however long it has been worked on."""

_LONGEST_DAYS: Final = 31


def _number(value: object, info: ValidationInfo) -> object:
    # of JSON, pydantic takes "3.0" for a decimal as well
    if info.mode == "json":
        return Decimal(str(value)) if type(value) in (int, float) else None
    return value


def _slugs(value: object) -> object:
    if isinstance(value, str):
        return frozenset(slug for part in value.split(",") if (slug := part.strip()))
    return value


_Factor = Annotated[Decimal, BeforeValidator(_number)]
_Budget = Annotated[
    _Factor,
    Field(gt=0, le=500, decimal_places=3, description="a number above 0, up to 500"),
]


class RuleKind(StrEnum):
    """Which rule finds the anomalies.

    `reference` is loopctl's own: fixed factors of a baseline. With `calibrated`, the factors
    follow from what the tenant's stories cost in the days before, and from an alert budget.
    """

    REFERENCE = "reference"
    CALIBRATED = "calibrated"


class Baseline(StrEnum):
    """What a story's cost is compared with, within its epic and day.

    `epic_average` is loopctl's own: the stored average, truncated to millicents, which contains the
    tested story. The other two leave the story out and are exact.
    """

    EPIC_AVERAGE = "epic_average"
    PEER_AVERAGE = "peer_average"
    PEER_MEDIAN = "peer_median"


class TenantsPart(BaseModel):
    """The part of the rule that a tenant may change.

    Attributes:
        baseline: what a story is compared with; the calibrated rule has a baseline of its own.
        high_factor: a story strictly above this multiple of the baseline is `high_cost`.
        low_factor: a story strictly below this multiple is `suspiciously_low`. The calibrated rule
            takes both factors as long as the history is short.
        minimum_stories: an epic with fewer stories, the tested one included, is not compared.
        floor_millicents: a story less than this away from the baseline is not worth a report.
        days: UTC days that are added up, the period being the last; 1 is the period alone.
            `lifetime`, with the calibrated rule only: all days until the period.
        high_budget: of 1,000 usual stories, how many may be reported as `high_cost`.
        low_budget: the same for `suspiciously_low`; both are for the calibrated rule.
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
    days: Annotated[
        Annotated[int, Field(ge=1, le=_LONGEST_DAYS)] | Literal["lifetime"],
        Field(description="a whole number from 1 to 31, or with the calibrated rule lifetime"),
    ] = 1
    high_budget: _Budget = Decimal(10)
    low_budget: _Budget = Decimal(2)

    @property
    def later_days(self) -> int:
        """How many days after a changed day are compared again.

        A lifetime has no end: the days after these keep their anomalies until they are computed.
        """
        return _LONGEST_DAYS - 1 if self.days == LIFETIME else self.days - 1


class AnomalyRule(TenantsPart):
    """A story deviates if its cost is above `high_factor` or below `low_factor` times the baseline.

    Attributes:
        rule: which rule applies.
        calibrated_tenants: slugs of the tenants to which the calibrated rule applies anyway.
    """

    rule: Annotated[RuleKind, Field(description="reference or calibrated")] = RuleKind.REFERENCE
    calibrated_tenants: Annotated[
        frozenset[str], BeforeValidator(_slugs), Field(description="slugs joined by commas")
    ] = frozenset()

    @property
    def is_calibrated(self) -> bool:
        """Whether the calibrated rule applies."""
        return self.rule is RuleKind.CALIBRATED

    @property
    def needs_baselines(self) -> bool:
        """Whether it applies to any tenant, so that baselines have to be computed."""
        return self.is_calibrated or bool(self.calibrated_tenants)

    def of_tenant(self, slug: str) -> Self:
        """Return the operator's rule for this tenant, which names no other."""
        kind = RuleKind.CALIBRATED if slug in self.calibrated_tenants else self.rule
        # the reference's rule has no lifetime
        days = 1 if kind is RuleKind.REFERENCE and self.days == LIFETIME else self.days
        changed: dict[str, object] = {"rule": kind, "days": days, "calibrated_tenants": frozenset()}
        return self.model_copy(update=changed)

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Build the rule from texts by field name; fields that are not given keep their default.

        Raises:
            AnomalyRuleError: naming the field that cannot be used.
        """
        try:
            return _usable(cls.model_validate_strings(given))
        except ValidationError as error:
            problem = AnomalyRuleError.of(error, cls)
        raise problem

    def changed_by(self, settings: str) -> Self:
        """Return this rule with the fields that a tenant gives as a JSON object.

        Raises:
            AnomalyRuleError: naming the field that cannot be used.
        """
        try:
            given = TenantsPart.model_validate_json(settings, strict=True)
        except ValidationError as error:
            problem = AnomalyRuleError.of(error, TenantsPart)
        else:
            changes = {name: getattr(given, name) for name in given.model_fields_set}
            return _usable(self.model_copy(update=changes))
        raise problem


_Rule = TypeVar("_Rule", bound=AnomalyRule)


def _usable(rule: _Rule) -> _Rule:
    if rule.days == LIFETIME and not rule.needs_baselines:
        problem = f"must be {TenantsPart.model_fields['days'].description}"
        raise AnomalyRuleError("days", problem)
    return rule


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
    def of(cls, error: ValidationError, model: type[TenantsPart]) -> Self:
        """Tell of the first thing that is wrong."""
        place = error.errors(include_url=False, include_input=False)[0]["loc"]
        field = str(place[0]) if place else None
        known = model.model_fields
        if field in known:
            return cls(field, f"must be {known[field].description}")
        return cls(None, f"must be an object whose keys are among {', '.join(known)}")
