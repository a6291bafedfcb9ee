"""Changes usage beside the commands, as loopctl's application does."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from random import Random
from threading import Event, Lock, Thread
from uuid import UUID, uuid4

from psycopg.errors import DeadlockDetected

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.retries import outlast_outage
from loopctl_pipelines.demo.sample.rows import ReportRow

_PAUSE_SECONDS = 0.05

_INSERT = """
INSERT INTO token_usage_reports (
    id, tenant_id, story_id, agent_id, project_id, input_tokens, output_tokens, model_name,
    cost_millicents, phase, tool_call_count, inserted_at, updated_at, deleted_at,
    corrects_report_id
) VALUES (
    %(id)s, %(tenant_id)s, %(story_id)s, %(agent_id)s, %(project_id)s, %(input_tokens)s,
    %(output_tokens)s, %(model_name)s, %(cost_millicents)s, %(phase)s, %(tool_call_count)s,
    %(inserted_at)s, %(inserted_at)s, NULL, %(corrects_report_id)s
) ON CONFLICT DO NOTHING
"""
_DELETE = "UPDATE token_usage_reports SET deleted_at = inserted_at WHERE id = %(id)s"
# every period of what the report belongs to, as loopctl does
_MARK = """
UPDATE cost_summaries SET stale = true
WHERE tenant_id = %(tenant_id)s
  AND scope_id IN (
    %(story_id)s, %(agent_id)s, %(project_id)s,
    (SELECT epic_id FROM stories WHERE id = %(story_id)s)
  )
"""


class Writers:
    """Inserts, corrects and deletes reports until it is stopped.

    Attributes:
        acknowledged: whether each report that was written has been deleted, by id.
        deadlocks: how often a transaction was repeated after one.
    """

    def __init__(
        self,
        database: Database,
        reports: Sequence[ReportRow],
        *,
        marked: Collection[date],
        late: Collection[date],
        random: Random,
    ) -> None:
        """Take what is written about.

        Args:
            database: loopctl's database.
            reports: what there is on these days.
            marked: days on which reports are corrected and deleted; loopctl marks these stale.
            late: days on which reports are inserted, which marks nothing.
            random: decides.
        """
        self.acknowledged: dict[UUID, bool] = {}
        self.deadlocks = 0
        self._database = database
        self._random = random
        self._on_marked = [row for row in reports if row.inserted_at.date() in marked]
        self._on_late = [row for row in reports if row.inserted_at.date() in late]
        self._stopped = Event()
        self._writing = Lock()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write during the block."""
        thread = Thread(target=self._write_until_stopped)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not write during the block; the database must answer."""
        with self._writing:
            yield

    def _write_until_stopped(self) -> None:
        while not self._stopped.wait(self._random.uniform(0, 2 * _PAUSE_SECONDS)):
            with self._writing:
                self._write()

    def _write(self) -> None:
        kind = self._random.choice(("insert", "correct", "delete"))
        if kind == "insert":
            copied = self._random.choice(self._on_late)
            self._insert(replace(copied, id=self._id(), cost_millicents=self._cost()), mark=False)
        elif kind == "correct":
            original = self._random.choice(self._on_marked)
            cost = self._cost() - original.cost_millicents
            correction = replace(
                original, id=self._id(), cost_millicents=cost, corrects_report_id=original.id
            )
            self._insert(correction, mark=True)
        elif len(self._on_marked) > 1:
            deleted = self._on_marked.pop(self._random.randrange(len(self._on_marked)))
            self._commit(deleted, _DELETE, _MARK)
            self.acknowledged[deleted.id] = True

    def _insert(self, row: ReportRow, *, mark: bool) -> None:
        self._commit(row, _INSERT, *([_MARK] if mark else []))
        self.acknowledged[row.id] = False

    def _commit(self, row: ReportRow, *statements: str) -> None:
        """Run the statements in one transaction, again after a deadlock or the server's end."""
        while True:
            try:
                outlast_outage(partial(self._transaction, row, statements))
            except DeadlockDetected:
                # with a rollup: loopctl marks rows in an order of its own
                self.deadlocks += 1
            else:
                return

    def _transaction(self, row: ReportRow, statements: Sequence[str]) -> None:
        with self._database.tenant_transaction(row.tenant_id) as connection:
            for text in statements:
                connection.execute(text.encode(), asdict(row))

    def _cost(self) -> int:
        return self._random.randrange(1, 5_000)

    @staticmethod
    def _id() -> UUID:
        return uuid4()
