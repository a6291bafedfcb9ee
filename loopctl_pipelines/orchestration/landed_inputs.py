"""The automation condition of assets that follow what landed of their inputs."""

from dagster import AssetCheckKey, AssetKey, AutomationCondition


def follow_landed(label: str) -> AutomationCondition[AssetKey | AssetCheckKey]:
    """Return the condition: once for each landing of an input's partition.

    A run over both assets updates this one itself.

    Args:
        label: what the Dagster UI calls the condition.
    """
    return (
        AutomationCondition.any_deps_updated().since(
            AutomationCondition.newly_updated() | AutomationCondition.newly_requested()
        )
        & ~AutomationCondition.in_progress()
    ).with_label(label)
