"""The gate: what it refuses, what it only reports, and what the document shows."""

from dataclasses import replace
from pathlib import Path

from retrieval_quality import gate
from retrieval_quality.figures import MODES, OVERALL, Figures, Report
from retrieval_quality.known_items import Half, Kind, KnownItem, known_items, read_questions
from retrieval_quality.proposals import read_proposals
from retrieval_quality.table import DOCUMENT, quality_table, write_table

GOOD = Figures(recall=90.0, mrr=70.0)
BETTER = Figures(recall=92.0, mrr=72.0)


def _report(**changed: dict[str, Figures]) -> Report:
    """Give a report of two kinds in which the fusion is the best."""
    modes = dict.fromkeys(MODES, GOOD) | {"combined": BETTER}
    return {kind: modes | changed.get(kind, {}) for kind in ("title", OVERALL)}


def test_a_loss_of_two_points_is_accepted_and_one_of_more_is_not() -> None:
    two = _report(title={"keyword": replace(GOOD, recall=88.0)})
    more = _report(title={"keyword": replace(GOOD, recall=87.9)})
    assert gate.losses(_report(), two) == []
    assert gate.losses(_report(), more) == ["title, keyword: recall was 90.0, is 87.9"]


def test_a_loss_of_the_mean_is_seen_too() -> None:
    worse = _report(all={"semantic": replace(GOOD, mrr=60.0)})
    assert gate.losses(_report(), worse) == ["all, semantic: mrr was 70.0, is 60.0"]


def test_what_is_better_is_no_loss() -> None:
    assert gate.losses(_report(), _report(title={"keyword": BETTER})) == []


def test_the_goals_are_met_by_a_fusion_that_is_the_best() -> None:
    assert gate.missed_goals(_report()) == []


def test_on_a_kind_the_fusion_may_be_one_point_below_the_better_side() -> None:
    one = _report(title={"semantic": Figures(93.0, 73.0)})
    more = _report(title={"semantic": Figures(93.0, 73.1)})
    assert gate.missed_goals(one) == []
    missed = "title: mrr of 72.0 is more than a point below semantic's 73.1"
    assert gate.missed_goals(more) == [missed]


def test_over_all_the_fusion_must_be_above_both_sides() -> None:
    equal = _report(all={"keyword": replace(GOOD, recall=92.0)})
    assert gate.missed_goals(equal) == ["over all, recall of 92.0 is not above keyword's 92.0"]


def test_committed_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    gate.write_committed("digest", _report(), file)
    assert gate.read_committed(file) == ("digest", _report())


def test_other_queries_have_another_digest() -> None:
    items = [KnownItem(Kind.TITLE, "Style", 8), KnownItem(Kind.QUESTION, "How long?", 8)]
    assert gate.digest(items) == gate.digest(list(items))
    assert gate.digest(items) != gate.digest(items[:1])


def test_the_table_is_written_into_the_document(tmp_path: Path) -> None:
    document = tmp_path / "search.md"
    document.write_text("before\n<!-- retrieval quality -->\n\n<!-- end -->\nafter\n")
    write_table(_report(), document)
    lines = document.read_text().splitlines()
    assert lines[0] == "before"
    assert lines[4:6] == [
        "| title | 90.0, 70.0 | 90.0, 70.0 | 92.0, 72.0 |",
        "| mean of the three | 90.0, 70.0 | 90.0, 70.0 | 92.0, 72.0 |",
    ]
    assert lines[-1] == "after"


def test_the_document_shows_the_committed_figures() -> None:
    _, committed = gate.read_committed()
    text = DOCUMENT.read_text(encoding="utf-8")
    for row in quality_table(committed):
        assert f"| {' | '.join(row)} |\n" in text


def test_the_committed_figures_are_of_the_held_out_queries(shared_folder: Path) -> None:
    queries, _ = gate.read_committed()
    proposals = read_proposals(shared_folder / "data" / "articles_r1.jsonl.gz")
    assert queries == gate.digest(known_items(proposals, read_questions(), Half.HELD_OUT))
