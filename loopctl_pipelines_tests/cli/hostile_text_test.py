"""Commands over rows whose text would act on a terminal: it is shown, and it does nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.breaker import Breaker
from loopctl_pipelines.llm.circuit import Permit, Verdict
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines_tests.api.rows import add_anomaly
from loopctl_pipelines_tests.hostile_text import STORABLE, acts_on_a_terminal
from loopctl_pipelines_tests.knowledge.embedding.cli_test import settings
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage, id_of

MARKUP = "[/x]"
CONTROL = "a\x1b[2J\nb\u202ec"
SHOWN = r"a\x1b[2J\nb\u202ec"
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture
def hostile(database: Database) -> Database:
    """Tenants with these slugs, and an anomaly with each of the titles."""
    usage = Usage()
    for slug in (MARKUP, CONTROL):
        usage.report(slug, YESTERDAY, 12_345)
    for title in STORABLE:
        usage.story(MARKUP, title)
    usage.write(database)
    for title in STORABLE:
        add_anomaly(database, MARKUP, story_id=id_of(MARKUP, "story", "e", title))
    add_anomaly(database, CONTROL)
    return database


def _run(shell: Shell, arguments: Sequence[str], code: int = 0) -> str:
    """Return what the command says, of which nothing acts on a terminal."""
    ended, out, err = shell.run(*arguments)
    assert not acts_on_a_terminal((out + err).replace("\n", ""))
    assert "Traceback" not in err
    assert ended == code
    return out + err


@pytest.mark.usefixtures("hostile")
def test_anomalies_of_hostile_stories_and_tenants_are_listed(shell: Shell) -> None:
    out = _run(shell, ["anomalies"])
    for shown in (*STORABLE.values(), MARKUP, SHOWN):
        assert shown in out


@pytest.mark.usefixtures("hostile")
def test_a_tenant_whose_slug_is_markup_gets_its_partitions(shell: Shell) -> None:
    # the other slug cannot be a partition key, which Dagster refuses
    out = _run(shell, ["tenants", "sync"], code=1)
    assert f"Added: {MARKUP}." in out
    assert SHOWN in "".join(out.split("\n"))


@pytest.mark.usefixtures("hostile")
def test_a_tenant_whose_slug_is_markup_is_backfilled(shell: Shell) -> None:
    assert "1/1" in _run(shell, ["backfill", "--from", f"{YESTERDAY}", "--to", f"{YESTERDAY}"])


def test_a_tenant_whose_slug_is_markup_is_embedded(shell: Shell, database: Database) -> None:
    knowledge = Knowledge(database)
    for slug in (MARKUP, CONTROL):
        knowledge.tenant(slug)
        knowledge.article(slug, "[/y]\x1b[2J")
    with LoopbackServer([KEY]) as provider:
        out = _run(shell.with_settings(**settings(provider)), ["embed"])
    assert MARKUP in out
    assert len(knowledge.embedded(MARKUP)) == 1


def test_the_reason_why_a_hostile_tenant_is_not_embedded_is_shown(
    shell: Shell, database: Database
) -> None:
    knowledge = Knowledge(database)
    knowledge.tenant(MARKUP, key="revoked")
    knowledge.article(MARKUP, "t")
    with LoopbackServer([KEY]) as provider:
        out = _run(shell.with_settings(**settings(provider)), ["embed"], code=1)
    assert f"tenant '{MARKUP}'" in out


@pytest.mark.parametrize(("slug", "shown"), [(MARKUP, MARKUP), (CONTROL, SHOWN)])
def test_the_circuit_of_a_hostile_tenant_is_shown(
    shell: Shell, hostile: Database, slug: str, shown: str
) -> None:
    for _ in range(3):
        Breaker(hostile, OPENAI.name).record(Permit(id_of(slug)), Verdict.COUNTED)
    assert f"for {shown}: open until" in _run(shell, ["breaker", "show", slug])


def test_a_hostile_argument_comes_back_as_text(shell: Shell) -> None:
    assert SHOWN in _run(shell, ["breaker", "show", CONTROL], code=1)
