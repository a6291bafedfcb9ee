"""The usage of the trials: days of its own for each, which are computed for the first time."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from loopctl_pipelines_tests.usage import Usage

START: Final = date(2025, 1, 1)
"""The first day with partitions."""

SLUGS: Final = tuple(f"t{n}" for n in range(6))
_DAY = timedelta(days=1)
_QUIET, _MARKED, _LATE = 6, 3, 3
DAYS: Final = _QUIET + _MARKED + _LATE


@dataclass(frozen=True)
class TrialDays:
    """The days of a trial, one after the other.

    Attributes:
        quiet: nobody changes their reports; they are computed for the first time.
        marked: loopctl has computed them; reports are corrected and deleted.
        late: loopctl has computed them; reports are added, which marks nothing.
    """

    quiet: tuple[date, ...]
    marked: tuple[date, ...]
    late: tuple[date, ...]

    @property
    def all(self) -> tuple[date, ...]:
        """All of them, in order."""
        return self.quiet + self.marked + self.late

    @property
    def arguments(self) -> tuple[str, ...]:
        """The days and tenants as arguments of `backfill`."""
        days = ("--from", str(self.all[0]), "--to", str(self.all[-1]))
        return (*days, *(part for slug in SLUGS for part in ("--tenant", slug)))


def trial_days(trial: int) -> TrialDays:
    """Return the days of the trial of this number."""
    days = [START + (trial * DAYS + n) * _DAY for n in range(DAYS)]
    late = _QUIET + _MARKED
    return TrialDays(tuple(days[:_QUIET]), tuple(days[_QUIET:late]), tuple(days[late:]))


def usage_of_trials(trials: int, random: Random) -> Usage:
    """Return reports of all tenants on all days; each trial has stories and epics of its own."""
    usage = Usage()
    for trial in range(trials):
        for day in trial_days(trial).all:
            for slug in SLUGS:
                for number in range(8):
                    usage.report(
                        slug,
                        day,
                        9_000 if number == 0 else random.randrange(1, 100),
                        story=f"s{trial}-{number}",
                        epic=f"e{trial}-{number % 2}",
                        agent=f"a{number % 3}",
                        model=random.choice(("claude-opus-4-5", "glm-5")),
                        tokens=(random.randrange(500), random.randrange(50)),
                    )
    return usage
