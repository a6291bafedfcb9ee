"""uv finds packages where pip is told to look, and trusts what pip is told to trust."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

import pytest
import trustme

from tools import uv_with_pip_config

_NOWHERE = "file:///nowhere/simple"


class Index:
    """A package index of one wheel, on loopback."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []


class Machine:
    """A user's home and environment, with nothing configured yet."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.installed = home / "installed"
        ours = ("PIP_", "UV_", "SSL_", "REQUESTS_", "CURL_", "XDG_")
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(ours) and not name.lower().endswith("_proxy")
        }
        self.environment |= {"HOME": str(home), "XDG_CONFIG_DIRS": str(home / "etc")}
        self.environment |= {"UV_CACHE_DIR": str(home / "cache"), "UV_HTTP_RETRIES": "0"}
        # pip's word for no files at all, not even those of the machine that runs the tests
        self.environment["PIP_CONFIG_FILE"] = os.devnull

    def configure(self, text: str, file: str = ".config/pip/pip.conf") -> None:
        path = self.home / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.environment.pop("PIP_CONFIG_FILE", None)

    def install(self, requirement: str = "probe", **variables: str) -> str:
        """Install it, and return what uv says where it cannot."""
        command = [sys.executable, "-m", uv_with_pip_config.__name__, "pip", "install"]
        command += ["--python", sys.executable, "--target", str(self.installed), requirement]
        ended = subprocess.run(
            command,
            env={**self.environment, **variables},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode == 0) == bool(self.versions()), ended.stderr
        return "" if ended.returncode == 0 else ended.stderr

    def versions(self) -> list[str]:
        return [path.stem.partition("-")[2] for path in self.installed.glob("probe-*.dist-info")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with serve(tmp_path / "index") as index:
        yield index


def test_an_index_in_pips_environment_is_uvs(machine: Machine, index: Index) -> None:
    assert not machine.install(PIP_INDEX_URL=index.url)


@pytest.mark.parametrize("section", ["global", "install"])
def test_an_index_in_pips_file_is_uvs(machine: Machine, index: Index, section: str) -> None:
    machine.configure(f"[{section}]\nindex-url = {index.url}\n")
    assert not machine.install()


def test_without_a_configured_index_the_package_is_not_found(machine: Machine) -> None:
    assert "probe" in machine.install(UV_OFFLINE="1")


def test_the_section_of_the_command_goes_before_the_global_one(
    machine: Machine, index: Index
) -> None:
    machine.configure(f"[install]\nindex-url = {index.url}\n[global]\nindex-url = {_NOWHERE}\n")
    assert not machine.install()


def test_pips_environment_goes_before_its_file(machine: Machine, index: Index) -> None:
    machine.configure(f"[install]\nindex-url = {_NOWHERE}\n")
    assert not machine.install(PIP_INDEX_URL=index.url)


@pytest.mark.parametrize("folder", ["a", "z"])
def test_of_two_files_the_one_that_pip_obeys_counts(
    machine: Machine, index: Index, folder: str
) -> None:
    machine.configure(f"[global]\nindex-url = {_NOWHERE}\n", f"{folder}/pip/pip.conf")
    machine.configure(f"[global]\nindex-url = {index.url}\n", "m/pip.conf")
    variables = {
        "XDG_CONFIG_DIRS": str(machine.home / folder),
        "PIP_CONFIG_FILE": str(machine.home / "m" / "pip.conf"),
    }
    assert not machine.install(**variables)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_version_is_found_on_whichever_index_has_it(
    machine: Machine, index: Index, tmp_path: Path, version: str
) -> None:
    with serve(tmp_path / "other", version="2") as other:
        extra = f"{_NOWHERE}\n  {other.url}"
        machine.configure(f"[global]\nindex-url = {index.url}\nextra-index-url =\n  {extra}\n")
        assert not machine.install(f"probe=={version}")
    assert machine.versions() == [version]


def test_folders_of_wheels_serve_without_an_index(
    machine: Machine, index: Index, tmp_path: Path
) -> None:
    folder = make_wheel(tmp_path / "wheels").parent
    links = f"/nowhere {folder.as_uri()} file:///nowhere"
    variables = {"PIP_FIND_LINKS": links, "PIP_NO_INDEX": "yes", "PIP_INDEX_URL": index.url}
    assert not machine.install(**variables)
    assert not index.asked


def test_a_folder_below_the_home_is_found(machine: Machine) -> None:
    make_wheel(machine.home / "wheels")
    machine.configure("[global]\nno-index = true\nfind-links = ~/wheels\n")
    assert not machine.install()


def test_folders_that_are_missing_do_not_stop_the_installation(
    machine: Machine, index: Index
) -> None:
    assert not machine.install(PIP_FIND_LINKS="/nowhere", PIP_INDEX_URL=index.url)


@pytest.mark.parametrize("own", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_uvs_own_variable_goes_before_pips(machine: Machine, index: Index, own: str) -> None:
    assert not machine.install(**{own: index.url, "PIP_INDEX_URL": _NOWHERE})


def test_uvs_own_index_strategy_goes_before_pips_way(
    machine: Machine, index: Index, tmp_path: Path
) -> None:
    with serve(tmp_path / "other", version="2") as other:
        variables = {"PIP_INDEX_URL": index.url, "PIP_EXTRA_INDEX_URL": other.url}
        assert machine.install("probe==1", **variables, UV_INDEX_STRATEGY="first-index")


def test_pips_proxy_is_uvs(machine: Machine, tmp_path: Path) -> None:
    # a proxy is asked for whole URLs; this one has the answer itself
    with serve(tmp_path / "index") as proxy:
        host = proxy.url.removesuffix("/simple")
        variables = {"PIP_PROXY": host, "PIP_INDEX_URL": "http://index.invalid/simple"}
        assert not machine.install(**variables)
    assert proxy.asked[0] == "http://index.invalid/simple/probe/"


@pytest.mark.parametrize("name", ["PIP_CERT", "REQUESTS_CA_BUNDLE"])
def test_an_authority_that_pip_trusts_is_trusted_by_uv(
    machine: Machine, tmp_path: Path, name: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with serve(tmp_path / "index", context_of(authority)) as index:
        unknown = {"PIP_INDEX_URL": index.url, "SSL_CERT_FILE": _other_authority(tmp_path)}
        assert "UnknownIssuer" in machine.install(**unknown)
        assert not machine.install(**unknown, **{name: str(tmp_path / "authority.pem")})


def test_a_folder_of_authorities_serves_as_well(machine: Machine, tmp_path: Path) -> None:
    authority = trustme.CA()
    (tmp_path / "authorities").mkdir()
    authority.cert_pem.write_to_path(tmp_path / "authorities" / "ours.pem")
    with serve(tmp_path / "index", context_of(authority)) as index:
        machine.configure(f"[global]\ncert = {tmp_path / 'authorities'}\n")
        assert not machine.install(PIP_INDEX_URL=index.url)


def test_a_host_that_pip_trusts_needs_no_certificate_of_a_known_authority(
    machine: Machine, tmp_path: Path
) -> None:
    with serve(tmp_path / "index", context_of(trustme.CA())) as index:
        host = index.url.removeprefix("https://").removesuffix("/simple")
        machine.configure(f"[global]\ntrusted-host =\n  example.org\n  {host}\n")
        assert not machine.install(PIP_INDEX_URL=index.url)


def test_the_certificate_that_pip_shows_is_shown_by_uv(machine: Machine, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    authority.issue_cert("user").private_key_and_cert_chain_pem.write_to_path(tmp_path / "user.pem")
    context = context_of(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    with serve(tmp_path / "index", context) as index:
        variables = {"PIP_INDEX_URL": index.url, "PIP_CERT": str(tmp_path / "authority.pem")}
        assert "error" in machine.install(**variables)
        assert not machine.install(**variables, PIP_CLIENT_CERT=str(tmp_path / "user.pem"))


@pytest.mark.parametrize("files", [["ours.pem"], []])
def test_the_systems_certificates_are_trusted_where_it_has_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: list[str]
) -> None:
    for file in files:
        trustme.CA().cert_pem.write_to_path(tmp_path / file)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    translated = uv_with_pip_config.uv_environment({}, {})
    assert ("UV_SYSTEM_CERTS" in translated) == bool(files)


def make_wheel(folder: Path, version: str = "1") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"probe-{version}-py3-none-any.whl"
    facts = f"probe-{version}.dist-info"
    with ZipFile(path, "w") as wheel:
        wheel.writestr("probe.py", "")
        wheel.writestr(
            f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: probe\nVersion: {version}\n"
        )
        wheel.writestr(
            f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{facts}/RECORD", "")
    return path


def context_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@contextmanager
def serve(
    folder: Path, context: ssl.SSLContext | None = None, version: str = "1"
) -> Iterator[Index]:
    wheel = make_wheel(folder / "simple" / "probe", version)
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        scheme = "https" if context else "http"
        index = Index(f"{scheme}://127.0.0.1:{server.server_port}/simple")

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                super().do_GET()

            def translate_path(self, path: str) -> str:
                return super().translate_path(path.removeprefix("http://index.invalid"))

            def log_message(self, *arguments: object) -> None:
                pass

        server.RequestHandlerClass = partial(Handler, directory=folder)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield index
        server.shutdown()
        thread.join()


def _other_authority(folder: Path) -> str:
    path = folder / "other.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return str(path)
