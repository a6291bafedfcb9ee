"""The rules of the circuit breaker, as values: no clock, no database, no network.

A circuit is closed, open or half-open. Once it is open, only the outcome of the probe that holds
the place changes it: a call admitted before the opening, or a probe whose place was given on,
holds no valid token, so its late success does not close the circuit and its late failure does not
prolong it. While it is closed every counted failure counts, whenever its call began.

A success in the closed state does not reset the window: failures slide out by age (as with
resilience4j's time-based window), or a provider that fails every second call would never open it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from uuid import UUID


class Verdict(Enum):
    """How a call ended, as far as the breaker is concerned.

    Attributes:
        SUCCESS: the provider answered as it should.
        COUNTED: 5xx, transport, timeout or crash: the provider is in trouble.
        NEUTRAL: anything else (4xx such as 401, 403 and 429, no key): says nothing about it.
    """

    SUCCESS = "success"
    COUNTED = "counted"
    NEUTRAL = "neutral"


class CircuitState(StrEnum):
    """The state of a circuit, as the field names it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """The numbers of a breaker (behaviour 7).

    Attributes:
        failure_threshold: counted failures within the window that open the circuit.
        window: how long a failure counts; at exactly this age it no longer does.
        cooldown: how long an opened circuit lets nothing through.
        probe_lease: how long a probe keeps its place without an answer. Longer than a call can
            last (8 s), or a slow probe would be joined by a second one.
    """

    failure_threshold: int = 3
    window: timedelta = timedelta(seconds=60)
    cooldown: timedelta = timedelta(seconds=30)
    probe_lease: timedelta = timedelta(seconds=15)

    def __post_init__(self) -> None:
        if self.failure_threshold < 1:
            raise ValueError("failure_threshold must be at least 1")
        if min(self.window, self.cooldown, self.probe_lease) <= timedelta(0):
            raise ValueError("window, cooldown and probe_lease must be longer than nothing")


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call of one tenant; hand it back with the call's verdict, once.

    Attributes:
        tenant_id: the tenant.
        probe_id: token of the half-open probe; None for a call through a closed circuit.
    """

    tenant_id: UUID
    probe_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """No leave: the circuit is open, or half-open with its one probe under way.

    Attributes:
        retry_after_seconds: when to ask again, above 0: the rest of the cooldown or of the lease.
    """

    retry_after_seconds: float


@dataclass(frozen=True, slots=True)
class CircuitStatus:
    """A circuit as shown to people.

    Attributes:
        state: closed, open or half-open.
        since: when it opened or became half-open (UTC); None while closed.
        until: end of the cooldown, or of the lease of the probe under way (UTC); else None.
        failures: counted failures within the window; 0 unless closed.
    """

    state: CircuitState
    since: datetime | None = None
    until: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is remembered of one tenant. The empty circuit is closed and needs no row.

    Attributes:
        failures: times of the counted failures, while closed; fewer than the threshold.
        opened_at: when the circuit opened last; None while closed.
        open_until: end of the cooldown; None while closed.
        probe_id: token of the probe that holds the place, while half-open.
        probe_until: end of its lease.
    """

    failures: tuple[datetime, ...] = ()
    opened_at: datetime | None = None
    open_until: datetime | None = None
    probe_id: UUID | None = None
    probe_until: datetime | None = None

    def status(self, policy: BreakerPolicy, now: datetime) -> CircuitStatus:
        """Tell the state at `now`."""
        if self.open_until is None:
            failures = len(self._counting(policy, now))
            return CircuitStatus(CircuitState.CLOSED, failures=failures)
        if now < self.open_until:
            return CircuitStatus(CircuitState.OPEN, self.opened_at, self.open_until)
        probing = self.probe_until is not None and now < self.probe_until
        until = self.probe_until if probing else None
        return CircuitStatus(CircuitState.HALF_OPEN, self.open_until, until)

    def refusal(self, policy: BreakerPolicy, now: datetime) -> Refused | None:
        """Return the refusal of a call at `now`, or None if it may go through."""
        until = self.status(policy, now).until
        return None if until is None else Refused((until - now).total_seconds())

    def probed_by(self, probe_id: UUID, policy: BreakerPolicy, now: datetime) -> "Circuit":
        """Give the place of the half-open probe to `probe_id`, for one lease."""
        return replace(self, probe_id=probe_id, probe_until=now + policy.probe_lease)

    def after(
        self, permit: Permit, verdict: Verdict, policy: BreakerPolicy, now: datetime
    ) -> "Circuit":
        """Return the circuit after a call ended at `now`."""
        if self.open_until is None:
            return self._closed_after(verdict, policy, now)
        if permit.probe_id is None or permit.probe_id != self.probe_id:
            return self
        if verdict is Verdict.SUCCESS:
            return Circuit()
        if verdict is Verdict.COUNTED:
            return _opened(policy, now)
        return replace(self, probe_id=None, probe_until=None)

    def _closed_after(self, verdict: Verdict, policy: BreakerPolicy, now: datetime) -> "Circuit":
        if verdict is not Verdict.COUNTED:
            return self
        failures = (*self._counting(policy, now), now)
        if len(failures) >= policy.failure_threshold:
            return _opened(policy, now)
        return Circuit(failures=failures)

    def _counting(self, policy: BreakerPolicy, now: datetime) -> tuple[datetime, ...]:
        return tuple(failure for failure in self.failures if failure > now - policy.window)


def _opened(policy: BreakerPolicy, now: datetime) -> Circuit:
    return Circuit(opened_at=now, open_until=now + policy.cooldown)
