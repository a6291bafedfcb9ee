"""The embedded PostgreSQL of the trials, which is killed and started again."""

import os
import signal
import time
from pathlib import Path
from random import Random
from typing import Final

import psutil
import psycopg

from loopctl_pipelines.database.cluster import Cluster
from loopctl_pipelines.database.embedded import DATABASE_NAME, EmbeddedServer

WAYS: Final = {"killed": signal.SIGKILL, "stopped immediate": signal.SIGQUIT}
"""How the server ends: SIGQUIT is what `pg_ctl stop -m immediate` sends."""


class TrialServer(EmbeddedServer):
    """The server of one LOOPCTL_HOME."""

    def __init__(self, home: Path) -> None:
        """Take the LOOPCTL_HOME of the commands."""
        # the machine is not killed: what the server has written, the kernel keeps
        self._changed = {"fsync": "off"}
        self._folder = home
        super().__init__(home, settings=self._changed)

    def end_and_start(self, way: str, random: Random) -> None:
        """End the server in one of the `WAYS`, and start it again within three seconds."""
        with psycopg.connect(self.url(DATABASE_NAME)) as connection:
            [(data,)] = connection.execute("SHOW data_directory").fetchall()
        postmaster = psutil.Process(int((Path(data) / "postmaster.pid").read_text().split()[0]))
        os.kill(postmaster.pid, WAYS[way])
        postmaster.wait()
        time.sleep(random.uniform(0, 3))
        Cluster(self._folder.absolute(), self._changed).run()
