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
    """Return a provider on loopback that accepts the sample's key only."""
    return LoopbackServer([SAMPLE_KEY])


@contextmanager
def sample_environment(
    database: Database, environment: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    """Yield settings that embed the sample's articles by a provider on this machine.

    They are empty if the database holds other tenants, or if the settings name a provider: a real
    provider must not get the sample's texts and keys, nor the sample's provider those of tenants.
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
