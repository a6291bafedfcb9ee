"""Who is computed, who is not, and what happens with the partitions of a slug that is gone."""

import json
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage, id_of

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


def test_every_tenant_is_listed_with_its_status(shell: Shell, database: Database) -> None:
    assert shell.run("tenants", "list") == (0, "No tenants.\n", "")
    assert shell.run("tenants", "list", "--json") == (0, "[]\n", "")
    usage = Usage()
    usage.tenant("blue", "suspended")
    usage.tenant("acme")
    usage.write(database)
    code, out, err = shell.run("tenants", "list", "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)
    assert [(row["tenant"], row["status"]) for row in rows] == [
        ("acme", "active"),
        ("blue", "suspended"),
    ]
    assert rows[0]["id"] == str(id_of("acme"))
    code, out, _ = shell.run("tenants", "list")
    assert code == 0
    [*_, acme, blue] = filter(str.strip, out.splitlines())
    assert (acme.split()[0], acme.split()[-1]) == ("acme", "active")
    assert (blue.split()[0], blue.split()[-1]) == ("blue", "suspended")


def test_a_renamed_tenant_is_shown_until_its_history_is_carried_over(
    shell: Shell, database: Database
) -> None:
    usage = Usage()
    usage.report("acme", YESTERDAY, cost=100)
    usage.tenant("blue", "suspended")
    usage.write(database)
    assert json.loads(shell.run("tenants", "sync", "--json")[1]) == {
        "added": ["acme"],
        "unusable": [],
    }
    assert shell.run("backfill", "--from", f"{YESTERDAY}", "--to", f"{YESTERDAY}")[0] == 0
    _sql(database, "UPDATE tenants SET slug = 'zenith' WHERE slug = 'acme'")
    assert _statuses(shell) == {
        "blue": "suspended",
        "zenith": "active",
        "acme": "renamed or deleted",
    }
    code, out, err = shell.run("tenants", "rename", "acme", "zenith")
    assert (code, out, err) == (0, "2 materializations of 'acme' are those of 'zenith' now.\n", "")
    assert _statuses(shell) == {"blue": "suspended", "zenith": "active"}
    code, _, err = shell.run("tenants", "rename", "acme", "zenith")
    assert code == 1
    assert "Nothing is recorded for the slug 'acme'" in " ".join(err.split())


def test_partitions_that_no_tenant_has_are_pruned(shell: Shell, database: Database) -> None:
    usage = Usage()
    for slug in ("acme", "blue", "coral"):
        usage.tenant(slug)
    usage.write(database)
    assert shell.run("tenants", "sync")[0] == 0
    _sql(database, "UPDATE tenants SET status = 'suspended' WHERE slug = 'blue'")
    _sql(database, "UPDATE tenants SET slug = 'delta' WHERE slug = 'coral'")
    shown = shell.run("tenants", "prune", "--dry-run")
    assert shown == (0, "Would be taken away: blue, coral.\n", "")
    pruned = shell.run("tenants", "prune", "--json")
    assert (pruned[0], json.loads(pruned[1])["pruned"]) == (0, ["blue", "coral"])
    assert shell.run("tenants", "prune") == (0, "Taken away: none.\n", "")


def _sql(database: Database, statement: LiteralString) -> None:
    with database.operator_transaction() as connection:
        connection.execute(statement)


def _statuses(shell: Shell) -> dict[str, str]:
    rows = json.loads(shell.run("tenants", "list", "--json")[1])
    return {row["tenant"]: row["status"] for row in rows}
