"""What the Dagster UI answers over HTTP."""

from loopctl_pipelines_tests.cli.dev_process import Dev
from trials.first_day.day import Day

_LANDED = """{
  assetNodeOrError(assetKey: {path: ["cost_summaries"]}) {
    ... on AssetNode { partitionStats { numMaterialized numFailed } }
  }
}"""


def look_at_the_ui(day: Day, ui: Dev, *, partitions: int) -> None:
    """Open the page, and compare how many partitions of `cost_summaries` are green."""
    status, _, page = ui.http("GET", "/")
    day.compare("the UI's page", (status, 'id="root"' in page), (200, True))
    found = ui.graphql(_LANDED)["assetNodeOrError"]["partitionStats"]
    day.compare("partitions in the UI", found, {"numMaterialized": partitions, "numFailed": 0})
