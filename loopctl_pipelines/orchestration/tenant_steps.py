"""Steps of assets with a partition per tenant: what landed, what failed, no error's text."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from dagster import AssetExecutionContext, Failure, MaterializeResult

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.llm.sanitizer import log_tag
from loopctl_pipelines.orchestration.materializations import (
    Metadata,
    end_step,
    record_materializations,
)
from loopctl_pipelines.orchestration.partition_failures import FailedPartitions


class TenantOutcome(Protocol):
    """What a run did for one tenant."""

    @property
    def slug(self) -> str:
        """The tenant."""

    @property
    def error(self) -> PipelinesError | None:
        """Why the tenant's partition failed; None: it did not."""


_Outcome = TypeVar("_Outcome", bound=TenantOutcome)


def record_outcomes(
    context: AssetExecutionContext,
    outcomes: Iterable[_Outcome],
    describe: Callable[[_Outcome], Metadata],
    tags: Mapping[str, str],
) -> MaterializeResult[None]:
    """Record the tenants that landed, and end the step.

    Args:
        context: the step's.
        outcomes: of the tenants, as they end.
        describe: returns the metadata of a tenant that landed.
        tags: that `provenance_tags` returned before the work.

    Raises:
        Failure: naming the tenants that failed, and why.
    """
    landed: dict[str, Metadata] = {}
    failed: list[FailedPartitions] = []
    for outcome in outcomes:
        if outcome.error is None:
            landed[outcome.slug] = describe(outcome)
        else:
            context.log.error(str(outcome.error))
            failed.append(FailedPartitions([outcome.slug], outcome.error))
    failed.sort(key=lambda part: part.keys[0])
    record_materializations(context, context.asset_key, landed, tags)
    return end_step(context, landed, failed)


def without_error_text(work: Callable[[], MaterializeResult[None]]) -> MaterializeResult[None]:
    """Do the work of a step; Dagster would store an unexpected error's text for good.

    Raises:
        Failure: the step's own, or one that names the class of an unexpected error.
    """
    try:
        return work()
    except Failure:
        raise
    except Exception as error:  # noqa: BLE001 - its text may hold anything, its class does not
        unexpected = log_tag(error)
    # outside the handler, so that the failure has no context
    raise Failure(f"An unexpected error ended the run ({unexpected}).", allow_retries=False)
