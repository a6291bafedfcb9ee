"""`tenants list` shows every tenant, and which of them are computed."""

import json

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage, id_of


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
