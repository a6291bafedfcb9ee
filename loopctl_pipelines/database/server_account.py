"""The account that the embedded server runs as, and where that account's files lie.

PostgreSQL refuses to run as root. For root a system account of its own is used, and no folder that
exists is opened to it: what it cannot reach is put under /var/lib/loopctl_pipelines instead.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loopctl_pipelines.database.errors import EmbeddedServerError
from loopctl_pipelines.database.private_folders import (
    SYSTEM_FOLDER,
    make_private_folder,
    system_folder,
)

_ACCOUNT = "loopctl_pg"
_HOME_OF = "home"
_ORPHANED_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """The system user that owns the cluster; None: the user of this process."""

    user: pwd.struct_passwd | None = None

    def run(self, command: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as this account; its files are for the owner only.

        Raises:
            EmbeddedServerError: if the program cannot be started or does not end.
        """
        # not the caller's PG* variables, which would lead to another server
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        try:
            return subprocess.run(
                command,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                umask=0o077,
                user=self.user.pw_uid if self.user else None,
                group=self.user.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )
        except (OSError, subprocess.SubprocessError) as cause:
            raise EmbeddedServerError(
                f"{Path(command[0]).name} of the embedded PostgreSQL did not run: "
                f"{type(cause).__name__}."
            ) from None

    def reaches(self, path: Path) -> bool:
        """Return whether the account may enter every folder above `path`."""
        if self.user is None:
            return True
        return all(_may_enter(self.user, folder) for folder in path.resolve().parents)

    def make_private_folder(self, path: Path) -> None:
        """Make a folder that only this account may enter (and root), unless it is there.

        Raises:
            EmbeddedServerError: if something else is there.
        """
        make_private_folder(path, self.user)


def account_for(folder: Path) -> ServerAccount:
    """Return the account for a cluster in `folder`: its owner, else one that is not root.

    Raises:
        EmbeddedServerError: if the folder belongs to somebody else, or no account can be had.
    """
    owner = folder.stat().st_uid if folder.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedServerError(
                f"{folder} belongs to another user. Run as that user, or set LOOPCTL_HOME to a "
                "folder of your own."
            )
        return ServerAccount()
    try:
        return ServerAccount(pwd.getpwuid(owner) if owner else pwd.getpwnam(_ACCOUNT))
    except KeyError:
        return ServerAccount(_create_account())


def place_cluster(home: Path) -> Path:
    """Return the folder of the cluster of `home`: `home/postgres`, which may be a symbolic link.

    Where the account cannot reach `home`, the link leads to a folder under /var/lib.

    Raises:
        EmbeddedServerError: if another user may have made what is there.
    """
    folder = home / "postgres"
    account = account_for(folder)
    if folder.is_symlink() and not folder.exists():
        folder.unlink()
    if not folder.exists() and not account.reaches(folder):
        target = system_folder("clusters") / secrets.token_hex(8)
        account.make_private_folder(target)
        _write_new(target / _HOME_OF, str(folder.absolute()))
        folder.symlink_to(target)
    account.make_private_folder(folder.resolve())
    return folder.resolve()


def orphaned_clusters() -> list[Path]:
    """Return the clusters under /var/lib whose home is gone; only root has any."""
    if os.geteuid() != 0:
        return []
    # a cluster that another process is just making has no link yet
    before = time.time() - _ORPHANED_AFTER_SECONDS
    homes = (SYSTEM_FOLDER / "clusters").glob(f"*/{_HOME_OF}")
    return [
        home.parent
        for home in homes
        if home.lstat().st_mtime < before
        and (leads_here := _written_by_root(home)) is not None
        and Path(leads_here).resolve() != home.parent.resolve()
    ]


def _write_new(path: Path, text: str) -> None:
    # the folder is the account's already, which must not lead root's writing elsewhere
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _written_by_root(path: Path) -> str | None:
    """Return the content; None if the account, whose folder it is in, has replaced the file."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor) as file:
            found = os.fstat(descriptor)
            if found.st_uid == 0 and stat.S_ISREG(found.st_mode):
                return file.read()
    return None


def _may_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    status = folder.stat()
    if status.st_uid == user.pw_uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.pw_gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _create_account() -> pwd.struct_passwd:
    options = ("--system", "--user-group", "--no-create-home", "--shell", "/bin/false")
    program = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    if program is not None:
        # two processes may get here at once; the one that is late finds the account made
        subprocess.run([program, *options, _ACCOUNT], check=False, capture_output=True)
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and the account {_ACCOUNT} could not be made. "
            "Run as an ordinary user, or set LOOPCTL_DATABASE_URL."
        ) from None
