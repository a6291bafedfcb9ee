"""The day on which a budget will be used up. Pure."""

from datetime import date, timedelta
from typing import Final

TRAILING_DAYS: Final = 14
"""Days whose average is carried forward: two weeks, so that weekends have their usual weight."""

FARTHEST_DAYS: Final = 366
"""A budget that lasts longer has no forecast: the trailing days say nothing about a year."""


def used_up_on(
    *, used: int, allowed: int, recent: int, last: date, days: int = TRAILING_DAYS
) -> date | None:
    """Return the first UTC day at whose end the budget is used up.

    Args:
        used: what is spent until the end of `last`.
        allowed: the budget, above 0, in the same unit as `used`.
        recent: what was spent in the trailing days together, `last` included. Every coming day is
            expected to add the average of them; a day without reports is one with 0.
        last: the last day of the trailing days.
        days: how many trailing days there are, above 0.

    Returns:
        `last` itself if the budget is used up already; None if nothing was spent in the trailing
        days, or if the budget lasts for more than a year.
    """
    if used >= allowed:
        return last
    if recent <= 0:
        return None
    # whole numbers: the least n with used + n * recent / days >= allowed
    ahead = -(-(allowed - used) * days // recent)
    return last + timedelta(days=ahead) if ahead <= FARTHEST_DAYS else None
