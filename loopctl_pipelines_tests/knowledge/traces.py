"""Everything that outlives a run, and the canaries that the tests search it for."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from loopctl_pipelines_tests.knowledge.persisted import found_in_database, found_in_files
from loopctl_pipelines_tests.llm.canary import Canaries, canary

HEAD, TAIL, WORD, TEXT = map(canary, ("head of a key", "tail of a key", "word", "text"))
CANARIES = Canaries({"head of a key": HEAD, "tail of a key": TAIL, "word": WORD, "text": TEXT})


@dataclass(frozen=True)
class Traces:
    """What a run leaves: loopctl's database, Dagster's, their folder, output and log."""

    database_url: str
    dagster_url: str
    home: Path
    capfd: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture

    def found(self) -> set[tuple[str, str]]:
        """Return (place, canary) for all tables, files, outputs and log records."""
        out, err = self.capfd.readouterr()
        said = {"stdout": out, "stderr": err, "log": self.caplog.text}
        return (
            found_in_database(self.database_url, CANARIES)
            | found_in_database(self.dagster_url, CANARIES)
            | found_in_files(self.home, CANARIES)
            | {(place, name) for place, text in said.items() for name in CANARIES.found_in(text)}
        )
