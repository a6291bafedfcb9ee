"""`loopctl-pipelines dev` is killed with all its processes, and started again."""

import base64
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from dagster import DagsterInstance, DagsterRunStatus

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.orchestration.heartbeats.dead_runs import has_died
from loopctl_pipelines.orchestration.unfinished_runs import unfinished_runs
from loopctl_pipelines_tests.cli import slow_rollup
from loopctl_pipelines_tests.cli.dev_process import Dev, background_dev
from loopctl_pipelines_tests.costs.runs import stored_summaries
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.knowledge.embedding.knowledge import CLOAK_KEY, KEY, Knowledge
from loopctl_pipelines_tests.shell import Shell
from loopctl_pipelines_tests.usage import Usage, id_of

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=n) for n in (2, 4, 6, 8)]
READERS = [f"reader-{n}" for n in range(3)]
_LIMIT_SECONDS = 200.0
"""No assertion about a time: a limit for what would otherwise never happen."""


def _wait(until: Callable[[], bool], shows: Callable[[], object]) -> None:
    limit = time.monotonic() + _LIMIT_SECONDS
    while not until():
        assert time.monotonic() < limit, shows()
        time.sleep(0.3)


def _kill_all(dev: Dev, shell: Shell) -> None:
    """Kill every process, as the end of a machine's power does; the command itself first."""
    leader, stopped = psutil.Process(dev.command.pid), set[psutil.Process]()
    # stopped first, so that none starts another one meanwhile
    while new := {leader, *dev.descendants()} - stopped:
        for process in new:
            process.suspend()
        stopped |= new
    leader.kill()
    dev.command.wait()
    code, _, err = shell.run("dev")
    assert (code, "The Dagster UI is open already" in err) == (1, True)
    [daemon] = map(int, err.split("`kill ")[1].split("`")[0].split())
    assert daemon in {process.pid for process in stopped - {leader}}
    for process in stopped - {leader}:
        process.kill()


def _statuses(instance: DagsterInstance) -> Counter[DagsterRunStatus]:
    return Counter(run.status for run in unfinished_runs(instance))


def test_four_dead_runs_do_not_stop_the_queue_the_stale_days_or_the_embedding(
    database: Database, instance: DagsterInstance, shell: Shell, tmp_path: Path
) -> None:
    usage, knowledge = Usage(), Knowledge(database)
    for day in DAYS:
        usage.report("a", day, 1000)
    usage.write(database)
    with database.tenant_transaction(id_of("a")) as connection:
        for day in DAYS:
            connection.execute(
                "INSERT INTO cost_summaries (id, tenant_id, scope_type, scope_id, period_start,"
                " period_end, stale, inserted_at, updated_at)"
                " VALUES (gen_random_uuid(), %(tenant)s, 'epic', %(tenant)s, %(day)s, %(day)s,"
                " true, now(), now())",
                {"tenant": id_of("a"), "day": day},
            )
    finish = tmp_path / "finish"

    def embedded() -> int:
        return sum(len(knowledge.embedded(slug)) for slug in READERS)

    def expected() -> object:
        return oracle.summaries(usage.reports, usage.epic_of(), set(DAYS))

    with LoopbackServer([KEY]) as provider:
        settings = {
            "LOOPCTL_CLOAK_KEY": base64.b64encode(CLOAK_KEY).decode(),
            "LOOPCTL_EMBEDDING_BASE_URL": provider.base_url,
            "LOOPCTL_ROLLUP": slow_rollup.REFERENCE,
            slow_rollup.FINISH: str(finish),
            "LOOPCTL_START_DATE": "-30d",
        }
        killed = shell.with_settings(**settings)
        with background_dev(killed, tmp_path / "killed") as dev:
            _wait(
                lambda: _statuses(instance)[DagsterRunStatus.STARTED] == 4,
                lambda: (_statuses(instance), dev.printed.read_text()),
            )
            _kill_all(dev, killed)
        dead = {r.run_id for r in unfinished_runs(instance) if r.status.value == "STARTED"}
        assert len(dead) == 4
        finish.touch()
        for slug in READERS:
            knowledge.tenant(slug)
            knowledge.articles(slug, 2)
        with background_dev(killed, tmp_path / "again") as dev:
            _wait(
                lambda: (
                    stored_summaries(database) == expected()
                    and embedded() == 2 * len(READERS)
                    and not unfinished_runs(instance)
                ),
                lambda: (_statuses(instance), embedded(), dev.printed.read_text()),
            )
    for run_id in dead:
        run = instance.get_run_by_id(run_id)
        assert run
        assert run.status is DagsterRunStatus.FAILURE
        assert has_died(run)
