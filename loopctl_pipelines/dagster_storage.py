"""The storage class by the name that `dagster.yaml` files use. Do not move it."""

from loopctl_pipelines.orchestration.instance_storage import PooledPostgresStorage

__all__ = ["PooledPostgresStorage"]
