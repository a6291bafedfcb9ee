"""`check` names what commands lack, with the SQL or the command that mends it."""

import base64
import json
import re

import psycopg
import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY, Knowledge
from loopctl_pipelines_tests.shell import Shell

_SQL = re.compile(r"(?:GRANT|ALTER|CREATE) [^;]*;")
_Found = dict[str, tuple[str, str]]


def _check(shell: Shell) -> tuple[int, _Found]:
    """Return the exit code, and each requirement's state and detail."""
    code, out, err = shell.run("check", "--json")
    assert err == ""
    return code, {each["name"]: (each["state"], each["detail"]) for each in json.loads(out)}


def _failed(found: _Found) -> dict[str, str]:
    return {name: detail for name, (state, detail) in found.items() if state == "failed"}


def _in_base64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_an_upgraded_database_meets_all_requirements(shell: Shell) -> None:
    code, found = _check(shell)
    assert (code, _failed(found)) == (0, {})
    assert re.fullmatch(r"PostgreSQL \d\d\.\d+", found["server version"][1])
    assert found["pgvector"][1].endswith("in the schema public")
    assert found["login"] == ("ok", "postgres, without a password")
    assert found["TLS"] == ("ok", "not in use, on this machine")
    assert found["Dagster's storage"] == ("ok", "its tables can be created and written")
    assert found["Cloak key"][0] == "warning"
    assert "Anthropic provider" not in found


def test_the_lines_are_the_same_for_people(shell: Shell) -> None:
    code, out, err = shell.run("check")
    assert (code, err) == (0, "")
    assert re.search(r"^ok +server version +PostgreSQL", out, re.MULTILINE)
    assert re.search(r"^\d+ ok, 1 warning$", out, re.MULTILINE)


def test_the_sql_of_failed_lines_mends_a_login_without_rights(
    shell: Shell, bound_url: str, database_url: str
) -> None:
    login = psycopg.conninfo.conninfo_to_dict(bound_url)["user"]
    bound = shell.with_settings(LOOPCTL_DATABASE_URL=bound_url)
    with psycopg.connect(database_url, autocommit=True) as superuser:
        # as docs/database-permissions.md has it: nothing comes from the role
        superuser.execute(f"REVOKE loopctl_app FROM {login}; ALTER ROLE {login} NOINHERIT".encode())
        code, found = _check(bound)
        mended = set(_failed(found))
        assert (code, "membership" in mended) == (1, True)
        while failed := _failed(found):
            for detail in failed.values():
                [*statements] = _SQL.findall(detail)
                assert statements, detail
                for each in statements:
                    superuser.execute(each.encode())
            before, (code, found) = failed, _check(bound)
            assert _failed(found) != before
            mended |= set(_failed(found))
    assert code == 0
    assert {"schema revision", "BYPASSRLS", "rights of the login"} <= mended


def test_a_role_that_lacks_a_right_is_reported_with_the_work_that_needs_it(
    shell: Shell, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("REVOKE DELETE ON loopctl_pipelines.cost_baselines FROM loopctl_app")
        superuser.execute("REVOKE INSERT ON kb_curation_events FROM loopctl_app")
        superuser.execute("REVOKE SELECT ON epics FROM loopctl_app")
        superuser.execute("REVOKE USAGE ON SEQUENCE oban_jobs_id_seq FROM loopctl_app")
    code, found = _check(shell)
    assert (code, list(_failed(found))) == (1, ["rights for costs", "rights for webhooks"])
    _, detail = found["rights for costs"]
    assert "GRANT DELETE ON loopctl_pipelines.cost_baselines TO loopctl_app;" in detail
    _, detail = found["rights for webhooks"]
    assert "GRANT USAGE ON SEQUENCE oban_jobs_id_seq TO loopctl_app;" in detail
    for work, grant in (
        ("proposals (API)", "GRANT INSERT ON kb_curation_events TO loopctl_app;"),
        ("export", "GRANT SELECT ON epics TO loopctl_app;"),
    ):
        state, detail = found[f"rights for {work}"]
        assert state == "warning"
        assert grant in detail


def test_a_database_that_was_not_upgraded_leaves_rights_unchecked(
    shell: Shell, empty_database: str
) -> None:
    code, found = _check(shell.with_settings(LOOPCTL_DATABASE_URL=empty_database))
    assert code == 1
    assert "`loopctl-pipelines db upgrade`" in _failed(found)["schema revision"]
    assert found["pgvector"][0] == "warning"
    assert "CREATE EXTENSION vector;" in found["pgvector"][1]
    assert found["BYPASSRLS and rights"] == ("not checked", "needs: schema revision")
    keyed = shell.with_settings(LOOPCTL_CLOAK_KEY=_in_base64(CLOAK_KEY))
    _, found = _check(keyed.with_settings(LOOPCTL_DATABASE_URL=empty_database))
    assert found["Cloak key"] == ("not checked", "needs: the database")


def test_a_role_that_does_not_exist_leaves_the_membership_unchecked(shell: Shell) -> None:
    code, found = _check(shell.with_settings(LOOPCTL_DATABASE_ROLE="misspelt_app"))
    assert code == 1
    assert "CREATE ROLE misspelt_app NOLOGIN;" in _failed(found)["role"]
    assert found["membership"] == ("not checked", "needs: role")


def test_a_server_that_does_not_answer_is_reported_without_the_password(shell: Shell) -> None:
    nowhere = "postgresql://u:hunter2@127.0.0.1:1/x"
    beside = shell.with_settings(LOOPCTL_DATABASE_URL=nowhere, LOOPCTL_DAGSTER_URL="")
    code, out, err = beside.run("check")
    assert (code, err) == (1, "")
    assert "host 127.0.0.1, port 1, database x, user u" in out
    assert re.search("^failed +server +.*nothing listens there", out, re.MULTILINE)
    assert re.search("^not checked +the rest of the database", out, re.MULTILINE)
    assert re.search("^not checked +Dagster's storage", out, re.MULTILINE)
    assert out.endswith("1 failed, 2 not checked\n")
    assert "hunter2" not in out


def test_a_login_that_is_rejected_is_told_apart_from_a_server_that_does_not_answer(
    shell: Shell, database_url: str
) -> None:
    unknown = database_url.replace("postgres@", "nobody_at_all:hunter2@", 1)
    code, found = _check(shell.with_settings(LOOPCTL_DATABASE_URL=unknown))
    assert code == 1
    assert found["server"] == ("ok", "answers")
    assert "there is no such user" in _failed(found)["login"]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("LOOPCTL_TRAILING_DAYS", "many", "settings"),
        ("LOOPCTL_CLOAK_KEY", "aHVudGVyMg==", "settings"),
        ("LOOPCTL_ALERT_URLS", "nosuchservice://hunter2", "alert targets"),
    ],
)
def test_a_setting_that_cannot_be_used_is_a_failed_line(
    shell: Shell, setting: str, value: str, name: str
) -> None:
    code, found = _check(shell.with_settings(**{setting: value}))
    assert code == 1
    [(failed, detail)] = _failed(found).items()
    assert failed == name
    assert setting in detail
    assert value not in str(found) or value == "many"


def test_a_cloak_key_is_tried_on_the_tenants_keys_and_providers_are_looked_for(
    shell: Shell, database: Database
) -> None:
    Knowledge(database).tenant("acme")
    Knowledge(database).set_key("acme", KEY)
    nowhere = shell.with_settings(
        LOOPCTL_EMBEDDING_BASE_URL="http://127.0.0.1:1/v1",
        LOOPCTL_ANTHROPIC_BASE_URL="http://127.0.0.1:1",
    )
    code, found = _check(nowhere.with_settings(LOOPCTL_CLOAK_KEY=_in_base64(CLOAK_KEY)))
    assert code == 0
    assert found["Cloak key"] == ("ok", "decrypts all 1 keys of active tenants")
    assert found["embedding provider"][0] == "warning"
    assert "127.0.0.1, port 1" in found["Anthropic provider"][1]
    code, found = _check(nowhere.with_settings(LOOPCTL_CLOAK_KEY=_in_base64(bytes(32))))
    assert code == 1
    assert "LOOPCTL_CLOAK_KEY decrypts only 0 of 1" in _failed(found)["Cloak key"]
    assert KEY not in str(found)


def test_the_calibrated_rule_is_a_warning_about_loopctls_own_jobs(shell: Shell) -> None:
    code, found = _check(shell.with_settings(LOOPCTL_ANOMALY_RULE="calibrated"))
    state, detail = found["anomaly rule"]
    assert (code, state) == (0, "warning")
    assert "loopctl's own rollup and anomaly jobs must be off" in detail
    some = shell.with_settings(LOOPCTL_ANOMALY_CALIBRATED_TENANTS="acme")
    assert _check(some)[1]["anomaly rule"][1].startswith("calibrated for acme:")
