"""`loopctl-pipelines anomalies`: the list, its plot, and resolving what it shows."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.deviations import (
    ONE_HIGH,
    anomalies,
    audited,
    change,
    detected,
    spend,
)
from loopctl_pipelines_tests.shell import Shell


@pytest.fixture(autouse=True)
def anomaly(database: Database) -> UUID:
    """Have the detection find one anomaly of tenant `a`, and return its id."""
    spend(database, ONE_HIGH)
    detected(database)
    (row,) = anomalies(database)
    return UUID(str(row["id"]))


def _out(shell: Shell, *arguments: str) -> str:
    code, out, err = shell.run("anomalies", *arguments)
    assert (code, err) == (0, "")
    return " ".join(out.split())


def test_the_list_shows_tenant_day_story_id_and_figures(shell: Shell, anomaly: UUID) -> None:
    out = _out(shell)
    for part in (
        "1 open anomaly",
        "2026-04-02",
        "s0",
        str(anomaly),
        "$0.09 4.50 times $0.02 (epic_average)",
    ):
        assert part in out


def test_an_anomaly_is_one_line_in_a_narrow_terminal(shell: Shell, anomaly: UUID) -> None:
    _, out, _ = shell.with_settings(COLUMNS="20").run("anomalies")
    title, line = out.splitlines()
    assert title == "1 open anomaly"
    for part in ("2026-04-02", " a ", str(anomaly), "(epic_average)", " s0"):
        assert part in line


@pytest.mark.parametrize("metadata", ['{"period": "z"}', '{"period": 7}', "[]", "null"])
def test_an_anomaly_whose_metadata_name_no_day_is_listed_without_one(
    shell: Shell, database: Database, anomaly: UUID, metadata: str
) -> None:
    change(database, f"UPDATE cost_anomalies SET metadata = '{metadata}'")  # noqa: S608
    out = _out(shell)
    assert str(anomaly) in out
    assert "2026" not in out


@pytest.mark.parametrize(
    ("options", "shown"),
    [((), 0), (("--resolved",), 1), (("--all",), 1)],
)
def test_a_resolved_anomaly_is_listed_where_it_is_asked_for(
    shell: Shell, anomaly: UUID, options: tuple[str, ...], shown: int
) -> None:
    _out(shell, "resolve", str(anomaly))
    assert _out(shell, *options).count(str(anomaly)) == shown


@pytest.mark.parametrize(
    ("options", "shown"),
    [((), 0), (("--resolved",), 0), (("--all",), 1)],
)
def test_an_archived_anomaly_is_listed_among_all(
    shell: Shell, database: Database, options: tuple[str, ...], shown: int
) -> None:
    change(database, "UPDATE cost_anomalies SET archived = true")
    assert _out(shell, *options).count("high_cost, archived") == shown


def test_nothing_found_is_said(shell: Shell, anomaly: UUID) -> None:
    assert _out(shell, "--resolved") == "No resolved anomalies."
    assert anomaly


def test_the_plot_is_a_png(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "costs.png"
    assert "Plot of 1 tenant, 2026-03-04 to 2026-04-02" in _out(shell, "--plot", str(file))
    assert file.read_bytes().startswith(b"\x89PNG")


def test_the_list_is_printed_as_json(shell: Shell, anomaly: UUID, tmp_path: Path) -> None:
    plot = tmp_path / "costs.png"
    code, out, err = shell.run("anomalies", "--json", "--plot", str(plot))
    assert (code, err.split()[:4]) == (0, ["Plot", "of", "1", "tenant,"])
    [row] = json.loads(out)
    assert (row["id"], row["tenant"], row["day"]) == (str(anomaly), "a", "2026-04-02")
    assert (row["deviation_factor"], row["reference"]) == ("4.50", "epic_average")


def test_an_anomaly_is_shown_with_its_story_beside_the_others(shell: Shell, anomaly: UUID) -> None:
    out = _out(shell, "show", str(anomaly))
    for part in (
        "anomaly high_cost, open tenant a day 2026-04-02 story s0",
        "cost $0.09, 4.50 times $0.02 (epic_average)",
        "threshold above 3.0 times, that is $0.06",
        "4 other stories of the epic",
    ):
        assert part in out


def test_an_anomaly_is_shown_as_json_and_as_a_png(
    shell: Shell, anomaly: UUID, tmp_path: Path
) -> None:
    file = tmp_path / "story.png"
    code, out, _ = shell.run("anomalies", "show", str(anomaly), "--json", "--plot", str(file))
    assert code == 0
    shown = json.loads(out)
    assert shown["metadata"]["baseline"] == "epic_average"
    assert (shown["compared"]["peers"], shown["compared"]["threshold"]) == ([250] * 4, 6000)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_an_anomaly_that_does_not_exist_or_is_another_tenant_s_is_not_shown(
    shell: Shell, anomaly: UUID
) -> None:
    code, _, err = shell.run("anomalies", "show", str(uuid4()))
    assert (code, "No tenant has an anomaly" in err) == (1, True)
    code, _, err = shell.run("anomalies", "show", str(anomaly), "--tenant", "nobody")
    assert (code, str(anomaly) in err) == (1, False)


def test_resolving_is_audited_under_the_name_of_the_command(
    shell: Shell, database: Database, anomaly: UUID
) -> None:
    sentence = f"Anomaly {anomaly} of tenant 'a' is resolved, and audited."
    assert _out(shell, "resolve", str(anomaly), "--tenant", "a") == sentence
    row = audited(database)[-1]
    assert (row["entity_id"], row["action"]) == (anomaly, "resolved")
    assert (row["actor_type"], row["actor_id"], row["actor_label"]) == (
        "system",
        None,
        "cli:anomalies",
    )


def test_a_resolved_anomaly_is_json(shell: Shell, anomaly: UUID) -> None:
    for newly in (True, False):
        row = json.loads(_out(shell, "resolve", str(anomaly), "--json"))
        assert (row["id"], row["tenant"], row["newly"]) == (str(anomaly), "a", newly)


def test_resolving_again_says_when_it_was_resolved_and_audits_nothing(
    shell: Shell, database: Database, anomaly: UUID
) -> None:
    _out(shell, "resolve", str(anomaly))
    before = anomalies(database), audited(database)
    assert "was resolved before, at 20" in _out(shell, "resolve", str(anomaly))
    assert (anomalies(database), audited(database)) == before


def _refused(shell: Shell, *arguments: str) -> str:
    code, _, err = shell.run("anomalies", *arguments)
    assert code != 0
    assert "Traceback" not in err
    return " ".join(err.split())


def test_an_unknown_id_is_one_sentence(shell: Shell) -> None:
    unknown = uuid4()
    assert f"No tenant has an anomaly {unknown}." in _refused(shell, "resolve", str(unknown))


def test_another_tenants_id_is_as_unknown(shell: Shell, database: Database, anomaly: UUID) -> None:
    with database.operator_transaction() as connection:
        connection.execute(
            "INSERT INTO tenants (id, name, slug, inserted_at, updated_at)"
            " VALUES (gen_random_uuid(), 'b', 'b', now(), now())"
        )
    assert f"Tenant 'b' has no anomaly {anomaly}." in _refused(
        shell, "resolve", str(anomaly), "--tenant", "b"
    )
    assert [row["resolved"] for row in anomalies(database)] == [False]


def test_an_unknown_tenant_is_one_sentence(shell: Shell) -> None:
    assert "No tenant has the slug 'acmee'." in _refused(shell, "--tenant", "acmee")


def test_a_tenant_in_front_of_resolve_is_not_ignored(
    shell: Shell, database: Database, anomaly: UUID
) -> None:
    assert "put --tenant after" in _refused(shell, "--tenant", "b", "resolve", str(anomaly))
    assert [row["resolved"] for row in anomalies(database)] == [False]
