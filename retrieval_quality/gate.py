"""What the figures must be: no worse than those committed, and the fusion worth its cost. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Final

from retrieval_quality.figures import MODES, OVERALL, Figures, Report
from retrieval_quality.known_items import KnownItem

COMMITTED: Final = Path(__file__).parent / "figures.json"
LARGEST_LOSS: Final = 2.0
"""Points that a figure may lose."""

LARGEST_GAP: Final = 1.0
"""Points by which the fusion may be below the better of its two sides, on any kind of query."""

_COMBINED: Final = "combined"
_SIDES: Final = [mode for mode in MODES if mode != _COMBINED]
_NAMES: Final = [field.name for field in fields(Figures)]


def losses(committed: Report, measured: Report) -> list[str]:
    """Return which figures lost more than 2 points."""
    found = []
    for kind, of_mode in committed.items():
        for mode, before in of_mode.items():
            for name in _NAMES:
                then, now = getattr(before, name), getattr(measured[kind][mode], name)
                if round(then - now, 1) > LARGEST_LOSS:
                    found.append(f"{kind}, {mode}: {name} was {then}, is {now}")
    return found


def missed_goals(measured: Report) -> list[str]:
    """Return where the fusion is worse than it should be."""
    return list(_missed_goals(measured))


def _missed_goals(measured: Report) -> Iterator[str]:
    for kind, of_mode in measured.items():
        for name in _NAMES:
            combined = getattr(of_mode[_COMBINED], name)
            side, best = max(
                ((side, getattr(of_mode[side], name)) for side in _SIDES), key=lambda pair: pair[1]
            )
            if kind == OVERALL and combined <= best:
                yield f"over all, {name} of {combined} is not above {side}'s {best}"
            elif round(best - combined, 1) > LARGEST_GAP:
                yield f"{kind}: {name} of {combined} is more than a point below {side}'s {best}"


def digest(items: Sequence[KnownItem]) -> str:
    """Return a name of these queries: figures of other ones cannot be compared."""
    lines = [f"{item.kind}\t{item.number}\t{item.text}" for item in items]
    return sha256("\n".join(lines).encode()).hexdigest()


def read_committed(file: Path = COMMITTED) -> tuple[str, Report]:
    """Return the digest of the queries, and their figures."""
    read = json.loads(file.read_text(encoding="utf-8"))
    figures = {
        kind: {mode: Figures(**values) for mode, values in of_mode.items()}
        for kind, of_mode in read["figures"].items()
    }
    return read["queries"], figures


def write_committed(queries: str, measured: Report, file: Path = COMMITTED) -> None:
    """Write them, to be committed."""
    figures = {
        kind: {mode: asdict(values) for mode, values in of_mode.items()}
        for kind, of_mode in measured.items()
    }
    text = json.dumps({"queries": queries, "figures": figures}, indent=2)
    file.write_text(text + "\n", encoding="utf-8")
