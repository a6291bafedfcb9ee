"""A selection of anomalies: by their latest day, and the latest of all tenants."""

from decimal import Decimal
from uuid import uuid4

from loopctl_pipelines.costs.display.anomaly_selection import AnomalySelection, latest
from loopctl_pipelines.costs.display.stored_costs import StoredAnomaly
from loopctl_pipelines.tenants.tenant import Tenant

_ACME, _GLOBEX = (Tenant(uuid4(), slug, slug, "active") for slug in ("acme", "globex"))


def _anomaly(period: str | None, factor: str = "4.5") -> StoredAnomaly:
    return StoredAnomaly(
        id=uuid4(),
        period=period,
        story_id=uuid4(),
        story_title="A story",
        anomaly_type="high_cost",
        story_cost_millicents=9_000,
        reference_avg_millicents=2_000,
        deviation_factor=Decimal(factor),
        resolved=False,
        archived=False,
        reason=None,
        baseline="epic_average",
    )


def test_the_latest_are_those_of_all_tenants_and_of_one_day_the_costliest() -> None:
    new, old, without = _anomaly("2026-04-03"), _anomaly("2026-04-01"), _anomaly(None)
    costlier, cheaper = _anomaly("2026-04-02", "9"), _anomaly("2026-04-02", "5")
    found = {_ACME: [new, cheaper, without], _GLOBEX: [costlier, old]}
    assert latest(found, 2) == {_ACME: [new], _GLOBEX: [costlier]}
    assert latest(found, 4) == {_ACME: [new, cheaper], _GLOBEX: [costlier, old]}
    assert latest(found, 9) == found


def test_an_anomaly_without_a_day_lies_in_no_range_of_days() -> None:
    dated, without = _anomaly("2026-04-02"), _anomaly(None)
    found = {_ACME: [dated, without]}
    assert AnomalySelection.parse(None, None, None).of(found) == found
    assert AnomalySelection.parse("2026-04-02", None, None).of(found) == {_ACME: [dated]}
    assert AnomalySelection.parse(None, "2026-04-01", None).of(found) == {_ACME: []}
