"""The storage classes by the names that `dagster.yaml` files use. Do not move them."""

import atexit
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

from loopctl_pipelines.alerts.targets import check_urls
from loopctl_pipelines.costs.summaries.rollup_protocol import load_rollup
from loopctl_pipelines.database.locations import locate
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.orchestration.dagster_internals import ConfigurableClassData
from loopctl_pipelines.orchestration.instance_storage import PooledPostgresStorage
from loopctl_pipelines.settings import Settings

__all__ = ["CheckoutStorage", "PooledPostgresStorage"]


class CheckoutStorage(PooledPostgresStorage):
    """The storage of Dagster's own tools in a checkout: where `loopctl-pipelines` has it.

    With no variable set, that is the embedded server, with its tables up to date.
    """

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Find the storage from the environment.

        Raises:
            PipelinesError: a subclass, if it cannot be used.
            SystemExit: with its sentence, where a tool of Dagster would print a traceback.
        """
        try:
            url = _dagster_url()
            return super().from_config_value(inst_data, {**config_value, "postgres_url": url})
        except PipelinesError as error:
            # elsewhere, it would end a thread of a server without an answer
            if threading.current_thread() is threading.main_thread():
                sys.exit(str(error))
            raise


def _dagster_url() -> str:
    """Return the URL; the processes that this one starts inherit what was found."""
    settings = Settings.from_environment(os.environ)
    # what the definitions check as well, but Dagster shows their errors with a traceback
    check_urls(settings.alert_urls)
    load_rollup(settings.rollup)
    with ExitStack() as opened:
        locations = opened.enter_context(locate(settings))
        if locations.embedded:
            upgrade(locations.loopctl, settings.database_role)
        url = locations.dagster
        os.environ["LOOPCTL_DATABASE_URL"] = locations.loopctl
        os.environ["LOOPCTL_DAGSTER_URL"] = url
        # the embedded server is used until this process ends
        atexit.register(opened.pop_all().close)
    return url
