"""The queries of alerts across all tenants: they return ids, types, times and counts only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement

_LEASE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Position:
    """How far finished runs have been examined. Times have a time zone.

    Attributes:
        since: when alerts were switched on.
        examined_until: when the last examined run ended.
        examined_runs: the runs that ended shortly before: when, as ISO time, by the run's id.
    """

    since: datetime
    examined_until: datetime
    examined_runs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message that waits and is due.

    Attributes:
        message_id: its id.
        run_id: the run that it is about.
        attempts: how often it was tried.
        accepted: the targets that have it, by their place from 1 on.
        created_at: when it was made, with a time zone.
    """

    message_id: UUID
    run_id: str
    attempts: int
    accepted: Sequence[int]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it is stored; times have a time zone.

    Attributes:
        message_id: its id.
        run_id: the run that it is about.
        state: waiting, grouped, sent or given_up.
        attempts: how often it was tried.
        accepted: how many targets have it.
        created_at: when it was made.
        next_attempt_at: when it is tried next, while it waits.
    """

    message_id: UUID
    run_id: str
    state: str
    attempts: int
    accepted: int
    created_at: datetime
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class AnomalyCount:
    """How many anomalies of a type a message has of a tenant; the largest cost in millicents."""

    tenant_id: UUID
    anomaly_type: str
    number: int
    largest: int


def hold_position(database: Database) -> Position | None:
    """Begin an evaluation; None: another process evaluates. The first one switches alerts on."""
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, "begin_position"))
        cursor = connection.cursor(row_factory=class_row(Position))
        parameters = {"seconds": _LEASE_SECONDS}
        return cursor.execute(statement(__package__, "hold_position"), parameters).fetchone()


def advance_position(database: Database, until: datetime, runs: Mapping[str, str]) -> None:
    """Note that the runs until then are examined, and which of them ended lately."""
    _write(database, "advance_position", {"until": until, "runs": Jsonb(runs)})


def release_position(database: Database) -> None:
    """End an evaluation."""
    _write(database, "release_position", {})


def forget_position(database: Database) -> None:
    """Begin anew: alerts were off."""
    _write(database, "forget_position", {})


def has_message(database: Database, message_id: UUID) -> bool:
    """Return whether the run of this message was alerted, or is to be."""
    with database.operator_transaction() as connection:
        parameters = {"message_id": message_id}
        found = connection.execute(statement(__package__, "has_message"), parameters)
        return found.fetchone() is not None


def add_message(database: Database, message_id: UUID, run_id: str) -> None:
    """Have a message wait for its delivery; safe to repeat."""
    _write(database, "add_message", {"message_id": message_id, "run_id": run_id})


def due_messages(database: Database) -> list[DueMessage]:
    """Return the messages that are due, the oldest first."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(DueMessage))
        return cursor.execute(statement(__package__, "due_messages")).fetchall()


def list_messages(database: Database, most: int) -> list[StoredMessage]:
    """Return the latest messages, the latest first."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(StoredMessage))
        return cursor.execute(statement(__package__, "list_messages"), {"most": most}).fetchall()


def sent_lately(database: Database, seconds: float) -> int:
    """Return how many messages were sent within the last seconds."""
    with database.operator_transaction() as connection:
        parameters = {"seconds": seconds}
        row = connection.execute(statement(__package__, "sent_lately"), parameters).fetchone()
    return int(row[0]) if row else 0


def group_messages(database: Database, message_id: UUID, grouped: Collection[UUID]) -> None:
    """Have one message cover the runs of others that have not been tried."""
    _write(database, "group_messages", {"message_id": message_id, "grouped": list(grouped)})


def messages_of_group(database: Database, message_id: UUID) -> list[tuple[UUID, str]]:
    """Return (message id, run id) of a message and of those that it covers as well."""
    with database.operator_transaction() as connection:
        parameters = {"message_id": message_id}
        return connection.execute(
            statement(__package__, "messages_of_group"), parameters
        ).fetchall()


def claim_message(database: Database, message: DueMessage, retry_seconds: float) -> bool:
    """Claim an attempt before it is made; False: another process has it.

    Args:
        database: loopctl's database.
        message: the message.
        retry_seconds: when the next attempt is due, if this one is not heard of again.
    """
    parameters = {
        "message_id": message.message_id,
        "attempts": message.attempts,
        "seconds": retry_seconds,
    }
    with database.operator_transaction() as connection:
        claimed = connection.execute(statement(__package__, "claim_message"), parameters)
        return claimed.fetchone() is not None


def accept_message(database: Database, message_id: UUID, target: int) -> None:
    """Note that the target at this place has accepted the message."""
    parameters = {"message_id": message_id, "target": target, "now": datetime.now(UTC)}
    _write(database, "accept_message", parameters)


def end_message(database: Database, message_id: UUID, state: str) -> None:
    """Note that a message is `sent` to all targets, or `given_up`."""
    _write(database, "end_message", {"message_id": message_id, "state": state})


def tenants_with_new_findings(
    database: Database, since: datetime, tenant_ids: Collection[UUID]
) -> set[UUID]:
    """Return which of the tenants have open anomalies or audited budgets that no message is about.

    Args:
        database: loopctl's database.
        since: older ones do not count; with a time zone.
        tenant_ids: the tenants to look at.
    """
    parameters = {"since": without_zone(since), "tenant_ids": list(tenant_ids)}
    with database.operator_transaction() as connection:
        return {
            tenant_id
            for name in ("tenants_with_new_anomalies", "tenants_with_new_budgets")
            for (tenant_id,) in connection.execute(statement(__package__, name), parameters)
        }


def count_anomalies(database: Database, message_ids: Collection[UUID]) -> list[AnomalyCount]:
    """Return how many anomalies these messages are about, by tenant and type."""
    with database.operator_transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(AnomalyCount))
        parameters = {"message_ids": list(message_ids)}
        return cursor.execute(statement(__package__, "count_anomalies"), parameters).fetchall()


def count_budgets(
    database: Database, message_ids: Collection[UUID], since: datetime
) -> list[tuple[UUID, str, int]]:
    """Return (tenant id, threshold, number) of the audited budgets that these messages are about.

    Args:
        database: loopctl's database.
        message_ids: the messages.
        since: older audit rows do not count; with a time zone.
    """
    parameters = {"message_ids": list(message_ids), "since": without_zone(since)}
    with database.operator_transaction() as connection:
        return connection.execute(statement(__package__, "count_budgets"), parameters).fetchall()


def clean_up(database: Database) -> None:
    """Remove old messages, and claims on what is gone."""
    _write(database, "clean_up_messages", {})
    _write(database, "clean_up_findings", {})


def without_zone(moment: datetime) -> datetime:
    """Return a moment as loopctl's tables hold it: UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _write(database: Database, name: str, parameters: Mapping[str, object]) -> None:
    with database.operator_transaction() as connection:
        connection.execute(statement(__package__, name), parameters)
