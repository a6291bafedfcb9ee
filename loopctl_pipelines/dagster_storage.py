"""The storage class under the name that instances give in their `dagster.yaml`; keep it here."""

from loopctl_pipelines.orchestration.event_storage import PooledPostgresStorage

__all__ = ["PooledPostgresStorage"]
