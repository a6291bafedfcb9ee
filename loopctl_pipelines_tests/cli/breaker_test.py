"""`breaker show` and `breaker reset`, of all vendors or of one."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from loopctl_pipelines.cli.breaker import breaker as commands
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm import vendors
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import CircuitState, Permit, Verdict
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.llm.acme.exceptions import ACME
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import id_of

GLOBEX = id_of("globex")


@pytest.fixture
def tenant(database: Database) -> Database:
    """One tenant whose circuit at Acme is open, and who has failures at the others."""
    Knowledge(database).tenant("globex")
    for vendor, failures in ((ANTHROPIC, 1), (OPENAI, 2), (ACME, 3)):
        for _ in range(failures):
            Breaker(database, vendor.name).record(Permit(GLOBEX), Verdict.COUNTED)
    return database


@pytest.fixture
def with_acme(
    monkeypatch: pytest.MonkeyPatch, tenant: Database, database_url: str, tmp_path: Path
) -> Database:
    """That tenant, in a version that knows Acme, too."""
    monkeypatch.setitem(vendors.VENDORS, ACME.name, ACME)
    monkeypatch.setenv("LOOPCTL_DATABASE_URL", database_url)
    monkeypatch.setenv("LOOPCTL_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    return tenant


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    commands(arguments, standalone_mode=False)
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("with_acme")
def test_show_has_a_line_for_each_vendor(capsys: pytest.CaptureFixture[str]) -> None:
    anthropic, openai, acme = run(capsys, "show", "globex")
    assert anthropic == "anthropic for globex: closed, 1 failures within 7 minutes."
    assert openai == "openai for globex: closed, 2 failures within a minute."
    assert acme.startswith("acme for globex: open until ")
    assert acme.endswith(" UTC.")


@pytest.mark.usefixtures("with_acme")
def test_show_of_one_vendor_is_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = run(capsys, "show", "globex", "--vendor", "openai")
    assert line == "openai for globex: closed, 2 failures within a minute."


@pytest.mark.usefixtures("with_acme")
def test_show_as_json_has_a_row_for_each_vendor(capsys: pytest.CaptureFixture[str]) -> None:
    anthropic, openai, acme = json.loads("\n".join(run(capsys, "show", "globex", "--json")))
    assert anthropic == {
        "tenant": "globex",
        "vendor": "anthropic",
        "circuit": "closed",
        "until": None,
        "failures": 1,
    }
    assert (openai["vendor"], openai["failures"]) == ("openai", 2)
    assert (acme["vendor"], acme["circuit"]) == ("acme", "open")
    assert datetime.fromisoformat(acme["until"]).tzinfo


def test_reset_closes_the_circuits_at_all_vendors(
    with_acme: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = run(capsys, "reset", "globex")
    known = (ANTHROPIC, OPENAI, ACME)
    assert lines == [f"{vendor.name} for globex: closed." for vendor in known]
    for vendor in known:
        status = Breaker(with_acme, vendor.name).state(GLOBEX)
        assert (status.state, status.failures) == (CircuitState.CLOSED, 0)


@pytest.mark.usefixtures("with_acme")
def test_reset_as_json_has_the_closed_circuits(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads("\n".join(run(capsys, "reset", "globex", "--json")))
    assert {(row["circuit"], row["failures"]) for row in rows} == {("closed", 0)}
    assert len(rows) == 3


def test_reset_of_one_vendor_leaves_the_other_as_it_is(
    with_acme: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "reset", "globex", "--vendor", "acme") == ["acme for globex: closed."]
    assert Breaker(with_acme, OPENAI.name).state(GLOBEX).failures == 2


@pytest.mark.parametrize("command", ["show", "reset"])
def test_an_unknown_vendor_is_one_sentence_that_names_the_known_ones(
    command: str, shell: Shell
) -> None:
    code, out, err = shell.run("breaker", command, "globex", "--vendor", "opneai")
    assert (code, out) == (1, "")
    assert err == "No vendor is called 'opneai'. Known vendors: anthropic, openai.\n"
