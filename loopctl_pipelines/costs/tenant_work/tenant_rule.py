"""The anomaly rule of one tenant: the operator's, with the tenant's own settings."""

from dataclasses import dataclass
from datetime import date, timedelta

from loopctl_pipelines.anomaly_rule import AnomalyRule, AnomalyRuleError
from loopctl_pipelines.costs.errors import TenantSettingsError
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant

_SETTING = "cost_anomalies"


@dataclass(frozen=True, slots=True)
class TenantRule:
    """The rule of one tenant.

    Attributes:
        rule: the operator's rule with the tenant's own settings.
        problem: why the tenant's settings are not used; None if they are, or if there are none.
        since: the first day whose costs are complete; None if no day is archived.
    """

    rule: AnomalyRule
    problem: str | None = None
    since: date | None = None


def tenant_rule(connection: TenantConnection, tenant: Tenant, rule: AnomalyRule) -> TenantRule:
    """Return the operator's rule with the tenant's settings, or why they cannot be used."""
    parameters = {"tenant_id": tenant.id, "setting": _SETTING}
    query = statement(__package__, "tenant_rule")
    row = connection.execute(query, parameters, prepare=True).fetchone()
    settings, archived = row or (None, None)
    rule = rule.of_tenant(tenant.slug)
    problem = None
    try:
        rule = rule.changed_by(settings) if settings else rule
    except AnomalyRuleError as error:
        place = f"{_SETTING}.{error.field}" if error.field else _SETTING
        problem = str(TenantSettingsError(tenant.slug, place, error.problem))
    since = archived + timedelta(days=rule.later_days) if archived else None
    return TenantRule(rule, problem, since)
