"""Eight processes replay the same day five times, and one of them is killed in the middle."""

from datetime import date
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from signal import SIGKILL

from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import roll_up
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.anomalies.anomaly_oracle import found_anew
from loopctl_pipelines_tests.costs.runs import (
    detect_all,
    roll_up_all,
    stored_anomalies,
    stored_summaries,
    unit,
)
from loopctl_pipelines_tests.costs.summaries import oracle
from loopctl_pipelines_tests.usage import Usage, id_of
from loopctl_pipelines_tests.warm_commands import processes

DAY = date(2026, 4, 2)
SLUGS = ("a", "b")
UNITS = [unit(slug, DAY) for slug in SLUGS]
PROCESSES = 8
REPLAYS = 5
START_SECONDS = 120  # a process that never starts breaks the barrier for the others


def _replay(url: str, role: str, start: Barrier) -> None:
    database = Database(url, role)
    start.wait(START_SECONDS)
    for _ in range(REPLAYS):
        roll_up_all(database, UNITS)
        detect_all(database, UNITS)
    database.close()


def _replay_until_killed(url: str, role: str, start: Barrier, written: Connection) -> None:
    """Replay twice; in the third, stop between the statement and its commit."""
    database = Database(url, role)
    start.wait(START_SECONDS)
    for _ in range(2):
        roll_up_all(database, UNITS)
        detect_all(database, UNITS)
    _stop_before_the_commit(database, UNITS[0], written)


def _stop_before_the_commit(database: Database, at: TenantDays, written: Connection) -> None:
    with database.tenant_transaction(at.tenant.id) as connection:
        connection.execute("UPDATE cost_summaries SET total_cost_millicents = 0")
        connection.execute("DELETE FROM cost_anomalies")
        roll_up(connection, at)
        connection.execute("UPDATE cost_summaries SET total_cost_millicents = 1")
        written.send("written, not committed")
        written.recv()


def _usage() -> Usage:
    usage = Usage()
    for slug in SLUGS:
        for n in range(400):
            usage.report(
                slug, DAY, n**3 - 17, story=f"s{n % 9}", epic=f"e{n % 3}", agent=f"a{n % 4}"
            )
        for n in range(5):
            usage.report(slug, DAY, 10 if n else 9000, story=f"s{n}", epic="uneven")
    return usage


def test_the_rows_are_identical_and_equal_the_raw_reports_to_the_millicent(
    database: Database, database_url: str
) -> None:
    usage = _usage()
    usage.write(database)
    start = processes.Barrier(PROCESSES)
    here, there = processes.Pipe()
    victim = processes.Process(
        target=_replay_until_killed, args=(database_url, database.role, start, there)
    )
    others = [
        processes.Process(target=_replay, args=(database_url, database.role, start))
        for _ in range(1, PROCESSES)
    ]
    for process in (victim, *others):
        process.start()
    there.close()  # so that a victim that ends by itself is an error here, not silence
    assert here.recv() == "written, not committed"
    victim.kill()
    for process in (victim, *others):
        process.join()
    assert victim.exitcode == -SIGKILL
    assert [process.exitcode for process in others] == [0] * (PROCESSES - 1)

    stored = stored_summaries(database)
    assert stored == oracle.summaries(usage.reports, usage.epic_of(), {DAY})
    found = found_anew(usage.reports, usage.epic_of(), {DAY})
    assert stored_anomalies(database) == found
    with database.operator_transaction() as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM cost_summaries), (SELECT count(*) FROM cost_anomalies),"
            " (SELECT count(*) FROM audit_log WHERE action = 'detected')"
        ).fetchone()
    assert counted == (len(stored), len(found), len(found))
    for slug in SLUGS:
        raw = sum(r.cost_millicents for r in usage.reports if r.tenant_id == id_of(slug))
        for scope in ("agent", "epic", "project"):
            assert raw == sum(
                row.cost_millicents
                for key, row in stored.items()
                if key[:2] == (id_of(slug), scope)
            )
