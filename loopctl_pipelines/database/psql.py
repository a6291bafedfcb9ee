"""Runs psql on loopctl's database, without a password in the list of processes."""

import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from loopctl_pipelines.database.server_programs import installed_programs
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.postgres_url import SECRETS, problem_of

_PASSWORD = "password"  # noqa: S105 - the name of a parameter


def run_psql(url: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run psql on the database at a libpq URL until it ends; return its exit code.

    The psql of the PATH is used, else that of the wheel with the embedded server.

    Args:
        url: of the database.
        arguments: further ones for psql.
        environment: of psql; the password is added as PGPASSWORD.

    Raises:
        SettingsError: if libpq cannot read the URL, or it has a secret besides the password.
        EmbeddedServerError: if there is no psql.
    """
    connection, password = _without_password(url)
    program = shutil.which("psql") or str(installed_programs() / "psql")
    given = {**environment, "PGPASSWORD": password} if password else dict(environment)
    with _interrupts_are_psqls():
        # the arguments are those of the person who runs the command
        ended = subprocess.run([program, connection, *arguments], env=given, check=False)  # noqa: S603
    return ended.returncode


def _without_password(url: str) -> tuple[str, str]:
    """Return the connection string without its password, and the password or an empty text."""
    if problem := problem_of(url):
        raise SettingsError("LOOPCTL_DATABASE_URL", problem)
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = parts.pop(_PASSWORD, "")
    if shown := sorted(set(SECRETS).intersection(parts)):
        raise SettingsError(
            "LOOPCTL_DATABASE_URL",
            f"has {shown[0]}, which psql would show to everybody here. Run psql yourself.",
        )
    return make_conninfo(**parts), password


@contextmanager
def _interrupts_are_psqls() -> Iterator[None]:
    """Leave Ctrl-C to psql, which ends a query and not the session."""
    # SIG_IGN would be inherited
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
