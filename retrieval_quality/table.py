"""The table of docs/search.md. Pure but for the document."""

from pathlib import Path
from typing import Final

from benchmarks.document_tables import Table, with_table
from retrieval_quality.figures import MODES, OVERALL, Report

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "search.md"
NAME: Final = "retrieval quality"


def quality_table(measured: Report) -> Table:
    """Return a row for each kind of query, and one over all."""
    head = ["the query is a ...", *(f"{mode}: recall@10, MRR" for mode in MODES)]
    names = {OVERALL: "mean of the three"}
    return [
        head,
        *(
            [
                names.get(kind, kind),
                *(f"{of_mode[mode].recall:.1f}, {of_mode[mode].mrr:.1f}" for mode in MODES),
            ]
            for kind, of_mode in measured.items()
        ),
    ]


def write_table(measured: Report, document: Path = DOCUMENT) -> None:
    """Write the table into the document."""
    text = document.read_text(encoding="utf-8")
    document.write_text(with_table(text, NAME, quality_table(measured)), encoding="utf-8")
