"""The rules of the circuit breaker, as values: no clock, no database, no network.

A circuit is closed, open or half-open. Once it is open, only the outcome of the current probe
changes it. A call admitted before the opening, or a probe whose lease has passed to another, has no
valid token: its late success does not close the circuit, and its late failure does not prolong it.
While the circuit is closed, every counted failure counts, whenever its call began.

A success in the closed state does not reset the window: failures leave it by age, as in
resilience4j's time-based window. Otherwise a provider that fails every second call would never open
the circuit.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Final
from uuid import UUID


class Verdict(Enum):
    """How a call ended, as far as the breaker is concerned.

    Attributes:
        SUCCESS: the provider answered as it should.
        COUNTED: 5xx, transport, timeout, crash or malformed answer: the provider is in trouble.
        NEUTRAL: anything else (4xx such as 401, 403 and 429, no key): says nothing about it.
    """

    SUCCESS = "success"
    COUNTED = "counted"
    NEUTRAL = "neutral"


class CircuitState(StrEnum):
    """The state of a circuit."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a circuit opens, and for how long. The defaults are loopctl's.

    Attributes:
        failure_threshold: counted failures within the window that open the circuit.
        window: how long a failure counts; at exactly this age it no longer does.
        cooldown: how long an open circuit rejects every call.
        probe_lease: how long a probe may take before another is admitted. Longer than a call can
            last (8 s), so that a slow probe is not joined by a second one.
    """

    failure_threshold: int = 3
    window: timedelta = timedelta(seconds=60)
    cooldown: timedelta = timedelta(seconds=30)
    probe_lease: timedelta = timedelta(seconds=15)

    def __post_init__(self) -> None:
        if self.failure_threshold < 1:
            raise ValueError("failure_threshold must be at least 1")
        if min(self.window, self.cooldown, self.probe_lease) <= timedelta(0):
            raise ValueError("window, cooldown and probe_lease must be positive")


DEFAULT_POLICY: Final = BreakerPolicy()


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission for one call of one tenant; hand it back once, with the call's verdict.

    Attributes:
        tenant_id: the tenant.
        probe_id: token of the half-open probe; None for a call through a closed circuit.
    """

    tenant_id: UUID
    probe_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """No permit: the circuit is open, or half-open with its one probe in flight."""


@dataclass(frozen=True, slots=True)
class CircuitStatus:
    """A circuit as shown to people.

    Attributes:
        state: closed, open or half-open.
        since: when it opened or became half-open (UTC); None while closed.
        until: end of the cooldown, or of the lease of the probe in flight (UTC); else None.
        failures: counted failures within the window; 0 unless closed.
    """

    state: CircuitState
    since: datetime | None = None
    until: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Circuit:
    """The stored state of one tenant's circuit at one vendor. An empty one is closed.

    Attributes:
        failures: times of the counted failures, while closed; fewer than the threshold.
        opened_at: when the circuit last opened; None while closed.
        open_until: end of the cooldown; None while closed.
        probe_id: token of the current probe, while half-open.
        probe_until: end of its lease.
    """

    failures: tuple[datetime, ...] = ()
    opened_at: datetime | None = None
    open_until: datetime | None = None
    probe_id: UUID | None = None
    probe_until: datetime | None = None

    def status(self, policy: BreakerPolicy, now: datetime) -> CircuitStatus:
        """Return the status at `now`."""
        if self.open_until is None:
            failures = len(self._counting(policy, now))
            return CircuitStatus(CircuitState.CLOSED, failures=failures)
        if now < self.open_until:
            return CircuitStatus(CircuitState.OPEN, self.opened_at, self.open_until)
        probing = self.probe_until is not None and now < self.probe_until
        until = self.probe_until if probing else None
        return CircuitStatus(CircuitState.HALF_OPEN, self.open_until, until)

    def admits(self, policy: BreakerPolicy, now: datetime) -> bool:
        """Return whether a call may go through at `now`: closed, or half-open without a probe."""
        return self.status(policy, now).until is None

    def probed_by(self, probe_id: UUID, policy: BreakerPolicy, now: datetime) -> "Circuit":
        """Return the circuit with `probe_id` as its current probe, for one lease."""
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
