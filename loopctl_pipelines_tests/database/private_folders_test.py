"""Another user of the machine gets to a place of the embedded server first."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from loopctl_pipelines.database.embedded import EmbeddedServer
from loopctl_pipelines.database.errors import EmbeddedServerError
from loopctl_pipelines.database.private_folders import make_private_folder

_ATTACKER = "nobody"
_NO_SYNC = {"fsync": "off"}

Attack = Callable[..., None]
"""Runs a command as another user."""


@pytest.fixture
def as_root() -> None:
    """Skip the test, visibly, if another user runs it."""
    if os.geteuid() != 0:
        pytest.skip("only root acts as other users, and starts the server as another one")


@pytest.fixture
def attack(as_root: None) -> Attack:  # noqa: ARG001 - it skips
    """Give a function that runs a command as another user."""

    def run(*command: str) -> None:
        user, group = _attacker().pw_uid, _attacker().pw_gid
        subprocess.run(command, user=user, group=group, extra_groups=[], cwd="/", check=True)

    return run


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that everybody may write to, each removing only what is theirs."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def long_home() -> Iterator[Path]:
    """Give a home whose socket has to lie below the temporary folder."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    # else root's server, which could not reach it, is put under /var/lib
    folder.chmod(0o755)
    yield folder / ("x" * 90) / ("y" * 90)
    shutil.rmtree(folder)


def _attacker() -> pwd.struct_passwd:
    return pwd.getpwnam(_ATTACKER)


def _socket_folder(home: Path) -> Path:
    """Return where the server of this home has its socket; it is removed again."""
    with EmbeddedServer(home, settings=_NO_SYNC) as server:
        host = psycopg.conninfo.conninfo_to_dict(server.url("loopctl"))["host"]
    shutil.rmtree(folder := Path(str(host)))
    return folder


def test_a_folder_that_is_missing_is_made_for_its_user_alone(tmp_path: Path) -> None:
    own = pwd.getpwuid(os.geteuid())
    assert make_private_folder(tmp_path / "new", own)
    assert not make_private_folder(tmp_path / "new", own)
    found = (tmp_path / "new").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (os.geteuid(), 0o700)


def test_a_link_in_its_place_is_refused_and_what_it_leads_to_keeps_its_owner(
    attack: Attack, open_folder: Path, tmp_path: Path
) -> None:
    attack("ln", "-s", str(tmp_path), str(open_folder / "socket"))
    before = tmp_path.stat()
    with pytest.raises(EmbeddedServerError, match="socket: it is a symbolic link"):
        make_private_folder(open_folder / "socket", _attacker())
    after = tmp_path.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)


def test_a_file_in_its_place_is_refused(attack: Attack, open_folder: Path) -> None:
    attack("touch", str(open_folder / "socket"))
    with pytest.raises(EmbeddedServerError, match="socket: it is not a folder"):
        make_private_folder(open_folder / "socket", None)


def test_a_folder_that_others_may_enter_is_refused_and_not_closed(tmp_path: Path) -> None:
    (tmp_path / "socket").mkdir(mode=0o755)
    with pytest.raises(EmbeddedServerError, match=r"is open to other users \(mode 0755\)"):
        make_private_folder(tmp_path / "socket", None)
    assert (tmp_path / "socket").stat().st_mode & 0o777 == 0o755


def test_nobody_impersonates_the_server_from_its_predictable_folder(
    attack: Attack, long_home: Path
) -> None:
    socket = _socket_folder(long_home)
    attack("mkdir", "-m", "700", str(socket))
    try:
        with pytest.raises(EmbeddedServerError, match=f"{socket}: it belongs to {_ATTACKER}, not"):
            EmbeddedServer(long_home, settings=_NO_SYNC).start()
        assert socket.stat().st_uid == _attacker().pw_uid
    finally:
        socket.rmdir()


def test_a_home_that_everybody_may_write_to_is_refused(open_folder: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="it may be written to by every user"):
        EmbeddedServer(open_folder).start()
    assert list(open_folder.iterdir()) == []


def test_a_home_that_another_user_has_made_where_all_may_is_refused(
    attack: Attack, open_folder: Path
) -> None:
    home = open_folder / "home"
    attack("mkdir", str(home))
    for chosen in (home, home / "below"):
        with pytest.raises(EmbeddedServerError, match=f"home: it belongs to {_ATTACKER}, in a"):
            EmbeddedServer(chosen).start()
    assert [entry.name for entry in home.rglob("*")] == ["below"]


@pytest.mark.usefixtures("as_root")
def test_a_foreign_folder_in_place_of_the_cluster_is_not_given_away(tmp_path: Path) -> None:
    # root's server runs as an account of its own, so root's folders are foreign to it
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o700)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "postgres").symlink_to(foreign)
    with pytest.raises(EmbeddedServerError, match="foreign: it belongs to root, not to loopctl_pg"):
        EmbeddedServer(tmp_path / "home").start()
    assert foreign.stat().st_uid == 0


def test_a_link_in_place_of_a_lock_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "postgres.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmbeddedServerError, match="cannot be written to"):
        EmbeddedServer(tmp_path).start()
    assert not (tmp_path / "elsewhere").exists()
