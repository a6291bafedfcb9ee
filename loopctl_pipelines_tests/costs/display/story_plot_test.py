"""A story beside the others of its epic: as pixels, and as lines of text."""

from decimal import Decimal
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.image import imread

from loopctl_pipelines.costs.display.compared_story import MOST_SHOWN, ComparedStory
from loopctl_pipelines.costs.display.story_plot import plot_story
from loopctl_pipelines.costs.display.story_strip import WIDTH, story_strip

_HIGH, _LOW, _PEERS = (0xC6, 0x28, 0x28), (0xEF, 0x9A, 0x00), (0x7D, 0x9F, 0xC4)
_FACTOR = Decimal("3.0")


def _story(
    cost: int, peers: list[int], kind: str = "high_cost", factor: Decimal | None = _FACTOR
) -> ComparedStory:
    return ComparedStory("a $title^{", kind, cost, peers, len(peers), 100_000, factor)


def _columns(png: bytes, color: tuple[int, int, int]) -> list[int]:
    image = np.rint(imread(BytesIO(png)) * 255).astype(int)[60:, :, :3]
    return sorted({int(column) for column in np.nonzero((image == color).all(axis=2))[1]})


def test_the_story_is_right_of_the_threshold_that_it_exceeds() -> None:
    columns = _columns(plot_story(_story(5_000_000, [90_000, 100_000, 110_000])), _HIGH)
    gaps = [b for a, b in pairwise(columns) if b - a > 5]
    assert len(gaps) == 1
    alone = _columns(plot_story(_story(5_000_000, [], factor=None)), _HIGH)
    assert alone[-1] - alone[0] < 20


def test_a_low_story_without_cost_is_left_of_the_axis() -> None:
    png = plot_story(_story(0, [90_000, 110_000], "suspiciously_low", Decimal("0.1")))
    [first, *_] = _columns(png, _LOW)
    assert first < 60


@pytest.mark.parametrize(
    ("cost", "peers"),
    [(0, []), (0, [0] * 9), (-500, [-1, 0, 1]), (1, []), (10**18, [1]), (100_000, [100_000] * 40)],
)
def test_no_cost_is_too_low_or_too_high(cost: int, peers: list[int]) -> None:
    story = _story(cost, peers)
    assert plot_story(story).startswith(b"\x89PNG")
    assert max(map(len, story_strip(story).splitlines())) <= 80


def test_of_very_many_stories_it_says_how_many_are_shown() -> None:
    peers = list(range(1_000, 1_000 + 50 * MOST_SHOWN, 50))
    story = ComparedStory("s", "high_cost", 900_000, peers, 100_000, 100_000, _FACTOR)
    assert len(plot_story(story)) < 60_000
    assert "100,000 other stories of the epic, 2,000 of them shown" in story_strip(story)


def test_the_strip_places_story_baseline_and_threshold_on_a_logarithmic_scale() -> None:
    # one dollar to a hundred dollars
    bars, marks, axis, key = story_strip(_story(10_000_000, [100_000, 1_000_000])).splitlines()
    assert (bars.index("█"), bars.rindex("█")) == (0, round((WIDTH - 1) / 2))
    assert marks[0] == "|"
    assert marks.index(":") == round((WIDTH - 1) * 0.4771 / 2)
    assert marks.index("◆") == WIDTH - 1
    assert axis.split() == ["$1.00", "$100"]
    assert key == "◆ this story  | baseline  : threshold; 2 other stories of the epic"
