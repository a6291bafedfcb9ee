"""Charts of text."""

from loopctl_pipelines.costs.display.charts import BAR_WIDTH, bar, bars, sparkline


def test_the_largest_value_fills_the_bar_and_half_of_it_half_the_bar() -> None:
    assert bar(10, 10) == "█" * BAR_WIDTH
    assert bar(5, 10) == "█" * (BAR_WIDTH // 2)


def test_an_eighth_of_a_character_is_shown() -> None:
    assert bar(1, 8, width=1) == "▏"


def test_a_negative_cost_has_no_bar() -> None:
    assert bar(-3, 10) == ""


def test_bars_are_sorted_by_value_and_aligned() -> None:
    lines = bars({"a": 1.0, "long": 2.0}).splitlines()
    assert lines[1].startswith("long  █")
    assert lines[2].startswith("a     █")
    assert lines[1].endswith("$2.00")


def test_nothing_to_show_is_said() -> None:
    assert bars({}) == "_nothing_"


def test_a_sparkline_has_a_character_a_value() -> None:
    assert sparkline([0, 5, 10]) == "▁▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""
