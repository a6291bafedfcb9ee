"""The figures, by an example that was computed by hand."""

import pytest

from retrieval_quality.figures import MODES, OVERALL, Figures, report
from retrieval_quality.known_items import Kind


def test_figures_count_what_is_found_and_how_far_up() -> None:
    # 1/1 + 1/2 + 1/4 + 0 of 4
    assert Figures.of([1, 2, 4, None]) == Figures(recall=75.0, mrr=43.75)
    assert Figures.of([10]) == Figures(recall=100.0, mrr=10.0)
    assert Figures.of([None, None]) == Figures(recall=0.0, mrr=0.0)


def test_each_kind_counts_the_same_over_all() -> None:
    kinds: dict[Kind, list[int | None]] = {
        Kind.TITLE: [1, 1, 1, 1],
        Kind.ABSTRACT: [2, None],
        Kind.QUESTION: [None, None, 3],
    }
    measured = report(dict.fromkeys(MODES, kinds))
    assert measured["title"]["semantic"] == Figures(100.0, 100.0)
    assert measured["sentence of the abstract"]["keyword"] == Figures(50.0, 25.0)
    assert measured["question in other words"]["combined"] == Figures(33.3, 11.1)
    assert measured[OVERALL]["combined"] == Figures(61.1, 45.4)


def test_a_mean_is_of_each_figure() -> None:
    mean = Figures.mean([Figures(80, 40), Figures(40, 20)])
    assert (mean.recall, mean.mrr) == pytest.approx((60, 30))
