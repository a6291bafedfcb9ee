"""What commands need beside loopctl's database: Dagster's storage, keys, providers, alerts."""

import socket
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from loopctl_pipelines.alerts.targets import Targets, check_urls
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.dagster_database import check_dagster_database, is_beside
from loopctl_pipelines.database.locations import Locations
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.errors import PipelinesError, SettingsError
from loopctl_pipelines.installation.requirement import Requirement, RequirementState, examine
from loopctl_pipelines.llm.cloak import decrypt
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.operator_queries import list_tenants

_CONNECT_SECONDS: Final = 5.0
_PORTS: Final = {"http": 80, "https": 443}
_TENANTS_TRIED: Final = 100
"""Of so many active tenants the keys are decrypted."""


class ProviderUnreachableError(PipelinesError):
    """Nothing answers at a provider's address."""


def dagster_storage(settings: Settings, locations: Locations) -> Requirement:
    """Return whether Dagster can create and write its tables. Its database is not created."""

    def test() -> str:
        beside = settings.dagster_url is None and not locations.embedded
        if beside and not is_beside(locations.loopctl):
            return "no database yet; the first command that needs it will create it"
        check_dagster_database(locations.dagster)
        return "its tables can be created and written"

    return examine("Dagster's storage", test)


def cloak_key(settings: Settings, database: Database) -> Requirement:
    """Return whether LOOPCTL_CLOAK_KEY decrypts the keys of active tenants."""
    key = settings.cloak_key
    if key is None:
        return Requirement(
            "Cloak key",
            RequirementState.WARNING,
            "LOOPCTL_CLOAK_KEY is not set, so no tenant's key can be decrypted: costs are "
            "computed, and nothing is embedded or extracted. Set it to loopctl's own.",
        )

    def test() -> str:
        stored = list(_stored_keys(database))
        decrypted = sum(decrypt(each, key) is not None for each in stored)
        if decrypted < len(stored):
            raise SettingsError(
                "LOOPCTL_CLOAK_KEY",
                f"decrypts only {decrypted} of {len(stored)} keys of active tenants. Set it to the "
                "key that loopctl encrypts with, or enter the tenants' keys anew.",
            )
        return f"decrypts all {len(stored)} keys of active tenants" if stored else "set"

    return examine("Cloak key", test)


def provider(name: str, url: str) -> Requirement:
    """Return whether something listens at a provider's address. Nothing is sent."""
    return examine(f"{name} provider", lambda: _listener(url), otherwise=RequirementState.WARNING)


def alert_targets(settings: Settings) -> Requirement:
    """Return whether Apprise understands the alerts' targets. Nothing is sent."""
    targets = Targets(settings.alert_urls, settings.ui_url)

    def test() -> str:
        check_urls(targets.urls)
        names = ", ".join(targets.name(place) for place in targets.places)
        return f"{names}; `loopctl-pipelines alerts test` sends a message" if names else "none"

    return examine("alert targets", test)


def anomaly_rule(settings: Settings) -> Requirement:
    """Return the anomaly rule; the calibrated one does not bear loopctl's own jobs."""
    rule = settings.anomaly_rule
    if not rule.needs_baselines:
        return Requirement("anomaly rule", RequirementState.OK, f"{rule.rule.value}, loopctl's own")
    whose = "" if rule.is_calibrated else f" for {', '.join(sorted(rule.calibrated_tenants))}"
    return Requirement(
        "anomaly rule",
        RequirementState.WARNING,
        f"calibrated{whose}: loopctl's own rollup and anomaly jobs must be off there, or they "
        "overwrite open anomalies. Nothing here can see whether they are.",
    )


def _stored_keys(database: Database) -> Iterator[bytes]:
    active = (tenant for tenant in list_tenants(database).values() if tenant.is_active)
    for tenant in islice(active, _TENANTS_TRIED):
        with database.tenant_transaction(tenant.id) as connection:
            asked = {"tenant_id": tenant.id}
            rows = connection.execute(statement(__package__, "stored_keys"), asked).fetchall()
        yield from (key for (key,) in rows if key is not None)


def _listener(url: str) -> str:
    """Return the address of a provider.

    Raises:
        ProviderUnreachableError: if nothing listens there.
    """
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError:
        failure = ProviderUnreachableError(
            f"Nothing answers at {host}, port {port}: requests will wait until it does. Check the "
            "address, the name server and firewalls."
        )
        raise failure from None
    return f"{host}, port {port}, answers"
