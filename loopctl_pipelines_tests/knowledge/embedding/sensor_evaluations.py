"""Evaluates `pending_embeddings_sensor` repeatedly, as the daemon does."""

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    PartitionKeyRange,
    RunRequest,
    SensorResult,
    build_sensor_context,
)

from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.embedding.jobs import EMBED_ARTICLES
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.orchestration.in_process_runs import EndedRun, run_in_process
from loopctl_pipelines.settings import Settings
from loopctl_pipelines.tenants.sync import sync_tenants
from loopctl_pipelines_tests.dagster_internals import create_run_for_test
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge

SLUGS = ("acme", "blue", "cold")


class EvaluatedSensor:
    """The sensor with its cursor and its last answer.

    Attributes:
        cursor: what the last evaluation left for the next; None: nothing.
        skipped: why the last evaluation requested no run; None: it requested one.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        instance: DagsterInstance,
        embed: Embedder,
        runs_per_night: int = 1,
    ) -> None:
        self.knowledge = knowledge
        self.instance = instance
        self.embed = embed
        self.cursor: str | None = None
        self.skipped: str | None = None
        definitions = build_definitions(
            Settings(runs_per_night=runs_per_night),
            resources={"database": knowledge.database, "embedder": embed},
        )
        self._job = definitions.resolve_job_def(EMBED_ARTICLES)
        self._repository = definitions.get_repository_def()
        self._sensor = definitions.resolve_sensor_def("pending_embeddings_sensor")
        sync_tenants(instance, knowledge.database)

    def evaluate(self) -> list[RunRequest]:
        context = build_sensor_context(
            self.instance,
            cursor=self.cursor,
            repository_def=self._repository,
            resources={"embedder": self.embed},
        )
        result = self._sensor(context)
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor or self.cursor
        self.skipped = result.skip_reason.skip_message if result.skip_reason else None
        return list(result.run_requests or ())

    def run(self, request: RunRequest) -> EndedRun:
        """Run a request in this process."""
        first, last = tenants_of(request)
        tags = {**request.tags, "dagster/run_key": request.run_key or ""}
        partitions = PartitionKeyRange(first or "", last or "")
        return run_in_process(self.instance, self._job, partitions, tags=tags)

    def start(self, request: RunRequest, status: DagsterRunStatus) -> str:
        """Create the requested run in this status, and return its id."""
        tags = {**request.tags, "dagster/run_key": request.run_key or ""}
        run = create_run_for_test(self.instance, job_name=EMBED_ARTICLES, status=status, tags=tags)
        return str(run.run_id)

    def end(self, run_id: str) -> None:
        """End a run."""
        run = self.instance.get_run_by_id(run_id)
        assert run
        self.instance.report_run_canceled(run)


def tenants_of(request: RunRequest) -> tuple[str | None, str | None]:
    """Return the first and the last tenant of a request."""
    return (
        request.tags.get("dagster/asset_partition_range_start"),
        request.tags.get("dagster/asset_partition_range_end"),
    )
