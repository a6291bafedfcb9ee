"""What a rule finds among some stories, as counts and rates. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.calibrated_usage import Reported
from benchmarks.tenant_histories import StoryCost


@dataclass(frozen=True, slots=True)
class Scored:
    """A story of a scored day, and what a rule reports of it."""

    tenant: str
    epic_stories: int
    story: StoryCost
    reported: Reported


@dataclass(frozen=True, slots=True)
class Counts:
    """What a rule finds among some stories."""

    planted: int
    found: int
    usual: int
    wrong: int
    swamped: int

    @classmethod
    def of(cls, scored: Iterable[Scored]) -> "Counts":
        """Count."""
        stories = list(scored)
        usual = [each for each in stories if each.story.label is None]
        outliers = [each for each in stories if each.story.label is not None]
        return cls(
            planted=len(outliers),
            found=sum(each.reported.kind == each.story.label for each in outliers),
            usual=len(usual),
            wrong=sum(each.reported.kind is not None for each in usual),
            swamped=sum(each.reported.swamped for each in usual),
        )

    @property
    def precision(self) -> float:
        """Share of the reports that are right."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of the outliers that are found."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def false_reports(self) -> float:
        """Wrong reports per 1,000 usual stories."""
        return 1000 * self.wrong / self.usual if self.usual else 0.0
