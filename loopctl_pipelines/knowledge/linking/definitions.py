"""The definitions of linking."""

import warnings

from dagster import (
    AssetSelection,
    AutomationConditionSensorDefinition,
    BetaWarning,
    DefaultSensorStatus,
    Definitions,
)

from loopctl_pipelines.knowledge.linking.assets import build_article_links
from loopctl_pipelines.knowledge.linking.links import LinkRule


def build_linking_definitions() -> Definitions:
    """Return the definitions of linking. They need the resource `database`."""
    with warnings.catch_warnings():
        # backfill_policy is beta; without it a range of tenants would be one run per tenant
        warnings.simplefilter("ignore", BetaWarning)
        article_links = build_article_links(LinkRule())
    sensor = AutomationConditionSensorDefinition(
        "article_links_sensor",
        target=AssetSelection.assets(article_links),
        default_status=DefaultSensorStatus.RUNNING,
        description="Links the articles of exactly those tenants whose embeddings landed.",
    )
    return Definitions(assets=[article_links], sensors=[sensor])
