"""Delivers the messages that are due: claimed before they are sent, a bounded number an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from dagster import DagsterInstance

from loopctl_pipelines.alerts.findings import read_findings
from loopctl_pipelines.alerts.message import Message, compose
from loopctl_pipelines.alerts.operator_queries import (
    DueMessage,
    accept_message,
    claim_message,
    due_messages,
    end_message,
    group_messages,
    messages_of_group,
    sent_lately,
)
from loopctl_pipelines.alerts.report import RunReport
from loopctl_pipelines.alerts.run_events import read_report
from loopctl_pipelines.alerts.sending import send
from loopctl_pipelines.alerts.targets import Targets
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.operator_queries import list_tenants

MOST_MESSAGES: Final = 20
"""In an hour. Further runs share one message, as soon as one may be sent again."""

_HOUR: Final = timedelta(hours=1)
_MOST_IN_ONE_GO: Final = 2
"""Messages of one evaluation: each may take the whole deadline, and Dagster ends a long one."""

_MOST_GROUPED_RUNS: Final = 50
_FIRST_RETRY_SECONDS: Final = 60.0
_LONGEST_RETRY_SECONDS: Final = 3_600.0
_GIVEN_UP_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was done about the messages that were due.

    Attributes:
        sent: messages that every target has now.
        failed: messages that a target has not accepted yet.
        given_up: messages that a target has not accepted within a day.
        held_back: messages that wait because too many were sent.
    """

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    held_back: int = 0


def deliver_due(
    database: Database, instance: DagsterInstance, targets: Targets, since: datetime
) -> Delivered:
    """Send what is due. A target that does not accept a message is tried again, for a day.

    Args:
        database: loopctl's database.
        instance: Dagster's.
        targets: where to send it.
        since: when alerts were switched on, with a time zone.
    """
    due = due_messages(database)
    room = MOST_MESSAGES - sent_lately(database, _HOUR.total_seconds()) if due else 0
    # what a target has is not held back from the others
    begun = [message for message in due if message.accepted]
    fresh = [message for message in due if not message.accepted]
    chosen = [*begun, *_within(database, fresh, room)]
    states = [
        _deliver(database, instance, targets, message, since)
        for message in chosen[:_MOST_IN_ONE_GO]
    ]
    return Delivered(
        sent=states.count("sent"),
        failed=states.count("waiting"),
        given_up=states.count("given_up"),
        held_back=len(due) - len(chosen),
    )


def _within(database: Database, fresh: Sequence[DueMessage], room: int) -> list[DueMessage]:
    """Return what may be sent; if it is too much, the last one covers the rest as well."""
    if room <= 0:
        return []
    if len(fresh) > room:
        last, *rest = fresh[room - 1 :]
        untried = [message.message_id for message in rest if not message.attempts]
        if not last.attempts and untried:
            group_messages(database, last.message_id, untried)
    return list(fresh[:room])


def _deliver(
    database: Database,
    instance: DagsterInstance,
    targets: Targets,
    message: DueMessage,
    since: datetime,
) -> str:
    """Make one attempt; return the message's state after it."""
    missing = [place for place in targets.places if place not in message.accepted]
    if not claim_message(database, message, _retry_seconds(message.attempts)):
        return "claimed"
    if missing:
        text = _compose(database, instance, message.message_id, targets.ui_url, since)
        for place in send(text, {place: targets.urls[place - 1] for place in missing}):
            accept_message(database, message.message_id, place)
            missing.remove(place)
    if not missing:
        state = "sent"
    elif datetime.now(UTC) - message.created_at > _GIVEN_UP_AFTER:
        state = "given_up"
    else:
        return "waiting"
    end_message(database, message.message_id, state)
    return state


def _compose(
    database: Database, instance: DagsterInstance, message_id: UUID, ui_url: str, since: datetime
) -> Message:
    """Return the text of a message, from what is stored now."""
    covered = messages_of_group(database, message_id)
    slugs = {tenant.id: slug for slug, tenant in list_tenants(database).items()}
    findings = read_findings(database, [each for each, _ in covered], since, slugs)
    reports = [_report(instance, run_id) for _, run_id in covered[:_MOST_GROUPED_RUNS]]
    return compose(message_id, reports, findings, ui_url)


def _report(instance: DagsterInstance, run_id: str) -> RunReport:
    run = instance.get_run_by_id(run_id)
    # somebody may have deleted it meanwhile
    return read_report(instance, run) if run else RunReport(run_id, "a deleted run")


def _retry_seconds(attempts: int) -> float:
    """Return when the next attempt is due: after a minute, and each time twice as long."""
    seconds: float = _FIRST_RETRY_SECONDS * 2.0 ** min(attempts, 10)
    return min(seconds, _LONGEST_RETRY_SECONDS)
