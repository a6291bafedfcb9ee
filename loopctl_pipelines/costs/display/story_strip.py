"""An anomaly's story against the other stories of its epic, as lines of text. Pure."""

from math import log10
from typing import Final

from loopctl_pipelines.costs.display.charts import sparkline
from loopctl_pipelines.costs.display.compared_story import ComparedStory
from loopctl_pipelines.costs.display.money import dollars
from loopctl_pipelines.costs.display.plot_style import money
from loopctl_pipelines.costs.display.story_plot import describe_shown, powers_of_ten

WIDTH: Final = 76


def story_strip(story: ComparedStory, width: int = WIDTH) -> str:
    """Return lines of `width` characters: how many stories cost how much, and where this one is.

    The scale is logarithmic, from one power of ten to another. Stories without cost are at its left
    end.
    """
    low, high = powers_of_ten(story.costs)

    def place(cost: int) -> int:
        share = (log10(cost) - low) / (high - low) if cost > 0 else 0.0
        return min(max(round(share * (width - 1)), 0), width - 1)

    counts = [0] * width
    for cost in story.peers:
        counts[place(cost)] += 1
    # a single story must not vanish beside a thousand
    heights = sparkline([log10(count) + 0.3 if count else 0.0 for count in counts])
    bars = "".join(height if count else " " for height, count in zip(heights, counts, strict=True))
    marks = [" "] * width
    if story.reference > 0:
        marks[place(story.reference)] = "|"
    if story.threshold:
        marks[place(story.threshold)] = ":"
    marks[place(story.cost)] = "◆"
    first = money(dollars(10**low))
    axis = first + money(dollars(10**high)).rjust(width - len(first))
    key = "◆ this story  | baseline" + ("  : threshold" if story.threshold else "")
    return "\n".join(
        (bars.rstrip(), "".join(marks).rstrip(), axis, f"{key}; {describe_shown(story)}")
    )
