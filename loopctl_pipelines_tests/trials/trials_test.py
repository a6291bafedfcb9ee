"""`make trials` at a small size: nothing is lost, and what would be lost is found."""

import subprocess
import sys
from pathlib import Path

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.costs.runs import detect_all, roll_up_all, unit
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge, embedder
from loopctl_pipelines_tests.knowledge.extraction.documents import Documents, extractor
from loopctl_pipelines_tests.usage import Usage, id_of
from trials.cost_rows import anomaly_faults, read_reports, wrong_days
from trials.extractions import KILLED, SPARED, Extractions
from trials.findings import shares
from trials.messages_process import messages_process
from trials.payments import Payments
from trials.usage_of_trials import trial_days

DAYS = trial_days(0).all


def test_nothing_is_lost_when_commands_are_killed_and_the_server_restarts() -> None:
    size = ("--kills", "3", "--restarts", "1", "--seed", "11")
    victims = ("--victim", "backfill", "--victim", "load")
    done = subprocess.run(
        [sys.executable, "-m", "trials", *size, *victims],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip("│ ").split("│") for line in done.stdout.splitlines()]
    rows = {cells[0].strip(): [int(cell) for cell in cells[1:]] for cells in lines if cells[1:]}
    assert rows == {
        "backfill": [2, 0, 0, 0, 0],
        "load": [1, 0, 0, 0, 0],
        "server killed": [1, 0, 0, 0, 0],
    }


def _computed(database: Database) -> Usage:
    usage = Usage()
    for day in DAYS[:2]:
        for number in range(5):
            usage.report("a", day, 9_000 if number == 0 else 10, story=f"s{number}")
    usage.write(database)
    units = [unit("a", DAYS[0], DAYS[1])]
    roll_up_all(database, units)
    detect_all(database, units)
    return usage


def test_a_day_with_a_changed_summary_is_found_and_a_stale_one_may_be_old(
    database: Database,
) -> None:
    _computed(database)
    reports = read_reports(database, DAYS[:2])
    assert wrong_days(database, reports) == {}
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute(
            "UPDATE cost_summaries SET report_count = 4 WHERE scope_type = 'epic'"
            " AND period_start = %s",
            [DAYS[0]],
        )
    assert wrong_days(database, reports).keys() == {(id_of("a"), DAYS[0])}
    assert wrong_days(database, reports, unless_stale=DAYS).keys() == {(id_of("a"), DAYS[0])}
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute("UPDATE cost_summaries SET stale = true")
    assert wrong_days(database, reports, unless_stale=DAYS) == {}


def test_a_lost_anomaly_and_an_audit_row_too_many_are_found(database: Database) -> None:
    _computed(database)
    reports = read_reports(database, DAYS[:2])
    assert anomaly_faults(database, reports) == []
    with database.tenant_transaction(id_of("a")) as connection:
        connection.execute("DELETE FROM cost_anomalies")
    assert {kind for kind, _ in anomaly_faults(database, reports)} == {"doubled", "lost"}


def test_a_vector_paid_for_twice_is_found_unless_a_kill_came_in_between(
    database: Database,
) -> None:
    knowledge = Knowledge(database)
    payments = Payments(knowledge)
    payments.tenant("a")
    with payments.provider() as address, embedder(database, address) as embedding:
        knowledge.run(embedding, "a")
        assert payments.faults(["a"]) == []
        [article, *_] = [row[0] for row in knowledge.rows("a", "SELECT id FROM articles")]
        knowledge.edit("a", article, embedding=None)
        assert payments.process_was_killed(["a"]) == 1
        knowledge.run(embedding, "a")
        # it was written twice, which its audit rows say
        assert [kind for kind, _ in payments.faults(["a"])] == ["doubled"]
        knowledge.edit("a", article, embedding=None)
        knowledge.run(embedding, "a")
        assert [kind for kind, _ in payments.faults(["a"])] == ["doubled", "doubled"]


def test_the_kills_are_shared_out_and_none_is_left() -> None:
    assert shares(100, {"a": 36, "b": 16, "c": 48}) == {"a": 36, "b": 16, "c": 48}
    assert shares(7, {"a": 1, "b": 1}) == {"a": 4, "b": 3}


def test_an_article_that_is_lost_or_doubled_and_a_text_paid_for_twice_are_found(
    database: Database, tmp_path: Path
) -> None:
    documents, slugs = Documents(database), (*KILLED, *SPARED)
    with (
        messages_process(latency_seconds=0) as vendor,
        extractor(database, vendor.base_url, review_slugs=slugs) as extract,
    ):
        extractions = Extractions(database, vendor)
        extractions.tenants()
        extractions.hand_in(tmp_path)
        documents.run(extract, *slugs)
        assert extractions.faults() == []
        documents.article(KILLED[0], "One more")
        assert [kind for kind, _ in extractions.faults()] == ["doubled", "lost"]
        documents.execute(KILLED[0], "DELETE FROM articles WHERE title = 'One more'")
        documents.execute(KILLED[0], "DELETE FROM loopctl_pipelines.extractions")
        documents.execute(KILLED[0], "DELETE FROM loopctl_pipelines.extracted_reviews")
        documents.execute(KILLED[0], "DELETE FROM articles WHERE title LIKE 'Review 0.0 %'")
        assert "lost" in {kind for kind, _ in extractions.faults()}
        assert extractions.process_was_killed() == 1
        documents.execute(KILLED[0], "DELETE FROM articles WHERE title LIKE 'Review 0.1 %'")
        documents.run(extract, *slugs)
        # the review that a kill had lost may be paid for again, the other one not
        paid = [sentence for _, sentence in extractions.faults() if "paid for" in sentence]
        assert paid == [f"'Review 0.1 of {KILLED[0]}' was paid for 2 times"]
