"""Folders and lock files in places where other users may have put something first.

Only what this process has just created is given to another account. What exists is looked at
without following links, and refused unless it is what was wanted.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import Final

from loopctl_pipelines.database.errors import EmbeddedServerError

SYSTEM_FOLDER: Final = Path("/var/lib/loopctl_pipelines")
"""What root keeps for the server where its account cannot reach LOOPCTL_HOME."""


def make_private_folder(path: Path, user: pwd.struct_passwd | None) -> bool:
    """Make a folder that only `user` may enter (and root), and return whether it was missing.

    Args:
        path: the folder; the one above it exists.
        user: None: the user of this process.

    Raises:
        EmbeddedServerError: if something is there that is no such folder.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        require_private_folder(path, user)
        return False
    if user is not None:
        _give(path, user)
    return True


def require_private_folder(path: Path, user: pwd.struct_passwd | None) -> None:
    """Refuse what is not a folder that only `user` may enter.

    Raises:
        EmbeddedServerError: naming what is wrong with it.
    """
    found, owner = path.lstat(), user.pw_uid if user else os.geteuid()
    if stat.S_ISLNK(found.st_mode):
        raise _unfit(path, "is a symbolic link")
    if not stat.S_ISDIR(found.st_mode):
        raise _unfit(path, "is not a folder")
    if found.st_uid != owner:
        name = _name(owner)
        raise _unfit(
            path, f"belongs to {_name(found.st_uid)}, not to {name}", f"chown {name} {path}"
        )
    if found.st_mode & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise _unfit(path, f"is open to other users (mode {mode})", f"chmod 700 {path}")


def require_unshared_folder(path: Path) -> None:
    """Refuse a folder in which others may put files, or which another may have put here.

    Raises:
        EmbeddedServerError: naming what is wrong with it.
    """
    if path.stat().st_mode & stat.S_IWOTH:
        raise _unfit(path, "may be written to by every user", f"chmod o-w {path}")
    resolved = path.resolve()
    for folder in (resolved, *resolved.parents):
        owner = folder.stat().st_uid
        if folder.parent.stat().st_mode & stat.S_IWOTH and owner not in {0, os.geteuid()}:
            raise _unfit(
                folder, f"belongs to {_name(owner)}, in a folder that every user may write to"
            )


def system_folder(name: str = ".") -> Path:
    """Return a folder in `SYSTEM_FOLDER`, made for all to read and for root alone to change."""
    for folder in (SYSTEM_FOLDER, SYSTEM_FOLDER / name):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            # whatever the umask is
            folder.chmod(0o755)
        require_unshared_folder(folder)
    return SYSTEM_FOLDER / name


def open_lock_file(path: Path) -> int:
    """Return the descriptor of a lock file, for this user only; a link in its place is an OSError.

    Raises:
        OSError: if it cannot be opened.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _give(path: Path, user: pwd.struct_passwd) -> None:
    # by its descriptor: in its place, somebody could put a link meanwhile
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with os.scandir(folder) as inside:
            if os.fstat(folder).st_uid != os.geteuid() or any(inside):
                raise _unfit(path, "was replaced while it was made")
        os.fchown(folder, user.pw_uid, user.pw_gid)
    finally:
        os.close(folder)


def _unfit(path: Path, reason: str, remedy: str | None = None) -> EmbeddedServerError:
    instead = f"If it is yours, run `{remedy}`. If not," if remedy else "See who made it, then"
    return EmbeddedServerError(
        f"The embedded PostgreSQL does not use {path}: it {reason}. {instead} remove it, or set "
        "LOOPCTL_HOME to another folder."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user {uid}"
