"""A rollup that does not end before a file exists, for LOOPCTL_ROLLUP."""

import os
import time
from pathlib import Path
from typing import Final

from loopctl_pipelines.costs.planning.tenant_days import TenantDays
from loopctl_pipelines.costs.summaries.rollup import DaySummarized, roll_up
from loopctl_pipelines.database.connection import TenantConnection

REFERENCE: Final = f"{__name__}:SlowRollup"
FINISH: Final = "TEST_FINISH_ROLLUPS"
"""Environment variable: path of the file."""


class SlowRollup:
    """Does what the default does, once the file exists."""

    def roll_up(self, connection: TenantConnection, unit: TenantDays) -> list[DaySummarized]:
        while not Path(os.environ[FINISH]).exists():
            time.sleep(0.1)
        return roll_up(connection, unit)
