"""All requirements of this installation, in the order in which `check` shows them."""

from collections.abc import Iterator

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.connection_failures import place_of
from loopctl_pipelines.database.locations import Locations
from loopctl_pipelines.installation import surroundings
from loopctl_pipelines.installation.database import database_requirements
from loopctl_pipelines.installation.requirement import Requirement, RequirementState, not_checked
from loopctl_pipelines.settings import Settings


def requirements(
    settings: Settings, locations: Locations, database: Database
) -> Iterator[Requirement]:
    """Yield the requirements as they are found; what depends on a failed one is not tested."""
    yield Requirement("settings", RequirementState.OK, "valid")
    where = (
        "LOOPCTL_DATABASE_URL is not set: the embedded PostgreSQL"
        if locations.embedded
        else place_of(locations.loopctl)
    )
    yield Requirement("URL", RequirementState.OK, where)
    failed = set()
    for each in database_requirements(database):
        if each.state is RequirementState.FAILED:
            failed.add(each.name)
        yield each
    beside = settings.dagster_url is None
    yield (
        not_checked("Dagster's storage", "the database")
        if beside and failed & {"server", "login"}
        else surroundings.dagster_storage(settings, locations)
    )
    yield (
        not_checked("Cloak key", "the database")
        if settings.cloak_key is not None and failed
        else surroundings.cloak_key(settings, database)
    )
    # without the key, nothing is ever sent to a provider
    if settings.cloak_key is not None:
        yield surroundings.provider("embedding", settings.embedding_base_url)
        yield surroundings.provider("Anthropic", settings.anthropic_base_url)
    yield surroundings.alert_targets(settings)
    yield surroundings.anomaly_rule(settings)
