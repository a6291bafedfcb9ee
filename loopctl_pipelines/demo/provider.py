"""The embedding provider of the sample, for the demo and for the UI on the demo's data."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.sample.knowledge import SAMPLE_CLOAK_KEY, SAMPLE_KEY
from loopctl_pipelines.demo.sample.organizations import PROFILES
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.tenants.operator_queries import list_tenants


def sample_provider() -> LoopbackServer:
    """Return a provider on loopback that knows the sample's key and no other."""
    return LoopbackServer([SAMPLE_KEY])


@contextmanager
def sample_environment(
    database: Database, environment: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    """Give out settings by which the sample's articles are embedded on this machine.

    Nothing is added where the database holds other tenants, or the settings name a provider: the
    sample's texts and keys are no business of a real one, and real tenants none of the sample's.
    """
    slugs = set(list_tenants(database))
    named = {"LOOPCTL_EMBEDDING_BASE_URL", "LOOPCTL_CLOAK_KEY"} & environment.keys()
    if named or not slugs or not slugs <= {profile.slug for profile in PROFILES}:
        yield {}
        return
    with sample_provider() as provider:
        yield {
            "LOOPCTL_EMBEDDING_BASE_URL": provider.base_url,
            "LOOPCTL_CLOAK_KEY": base64.b64encode(SAMPLE_CLOAK_KEY).decode(),
        }
