"""The sample's vendors on loopback, for the demo and for the UI on the demo's data."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.sample.handed_in import REVIEWS
from loopctl_pipelines.demo.sample.knowledge import SAMPLE_CLOAK_KEY, VALID_KEYS
from loopctl_pipelines.demo.sample.organizations import PROFILES
from loopctl_pipelines.demo.sample.section_articles import section_articles
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.llm.fake.messages_server import MessagesServer
from loopctl_pipelines.tenants.operator_queries import list_tenants

_OPERATORS: Final = frozenset(
    {"LOOPCTL_EMBEDDING_BASE_URL", "LOOPCTL_ANTHROPIC_BASE_URL", "LOOPCTL_CLOAK_KEY"}
)

_REVIEWS: Final = "LOOPCTL_EXTRACT_REVIEWS"


@dataclass(frozen=True, slots=True)
class SampleVendors:
    """Imitations of OpenAI and Anthropic that accept the sample's valid keys only."""

    embeddings: LoopbackServer
    messages: MessagesServer


@contextmanager
def sample_vendors() -> Iterator[SampleVendors]:
    """Run both imitations inside the block."""
    keys = VALID_KEYS.values()
    with (
        LoopbackServer(keys) as embeddings,
        MessagesServer(keys, section_articles) as messages,
    ):
        yield SampleVendors(embeddings, messages)


@contextmanager
def sample_environment(
    database: Database, environment: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    """Yield settings with which the sample's texts go to vendors on this machine.

    They are empty if the database holds other tenants, or if the settings name a vendor: a real
    vendor must not get the sample's texts and keys, nor the sample's vendors those of tenants.
    """
    slugs = set(list_tenants(database))
    named = _OPERATORS & environment.keys()
    if named or not slugs or not slugs <= {profile.slug for profile in PROFILES}:
        yield {}
        return
    with sample_vendors() as vendors:
        yield {
            _REVIEWS: environment.get(_REVIEWS, ",".join(REVIEWS)),
            "LOOPCTL_EMBEDDING_BASE_URL": vendors.embeddings.base_url,
            "LOOPCTL_ANTHROPIC_BASE_URL": vendors.messages.base_url,
            "LOOPCTL_CLOAK_KEY": base64.b64encode(SAMPLE_CLOAK_KEY).decode(),
        }
