"""Runs uv with the package index and the certificates that pip is configured for.

uv reads neither pip's environment variables nor its files, and behind a company's mirror nothing
can be installed without them. Variables of uv's own (`UV_...`) go first.

    python -m tools.uv_with_pip_config pip install six
"""

import os
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

# Private, but `pip config list` lists a key that several files set once for each of them, in no
# order that tells which one counts. The lock therefore pins pip as well.
from pip._internal.configuration import Configuration
from pip._internal.exceptions import ConfigurationError

# The variables by which uv takes an option of pip's: the first is set where all are missing.
_VARIABLES = {
    "client-cert": ("SSL_CLIENT_CERT",),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "proxy": ("ALL_PROXY", "all_proxy"),
    "trusted-host": ("UV_INSECURE_HOST",),
}
_OPTIONS = (*_VARIABLES, "cert", "no-index")
_SECTIONS = (":env:", "install", "global")
_YES = {"1", "on", "t", "true", "y", "yes"}


def main() -> None:
    """Become uv, with the same arguments."""
    options = pip_options()
    command = [str(Path(sys.prefix, "bin", "uv")), *sys.argv[1:]]
    if options.get("no-index", "").lower() in _YES:
        command.append("--no-index")  # the one that has no variable
    os.execve(command[0], command, uv_environment(options, dict(os.environ)))  # noqa: S606 - no shell


def pip_options() -> dict[str, str]:
    """Return what `pip install` takes from its environment variables and its files."""
    configuration = Configuration(isolated=False)
    configuration.load()
    options = {}
    for option in _OPTIONS:
        values = (_value(configuration, f"{section}.{option}") for section in _SECTIONS)
        if value := next(filter(None, values), None):
            options[option] = value
    return options


def uv_environment(options: dict[str, str], environment: dict[str, str]) -> dict[str, str]:
    """Return the environment in which uv does as pip does with these options."""
    # pip takes the best version of all indexes, uv by default what the first one has. That keeps
    # strangers' packages of the same name out; here the hashes in the lock do.
    translated = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    # Today's pip trusts the system's certificates, uv a list of its own.
    if _system_has_certificates():
        translated["UV_SYSTEM_CERTS"] = "true"
    for option, variables in _VARIABLES.items():
        if option in options and not any(map(environment.get, variables)):
            values = options[option].split()
            given = ",".join(_present(values)) if option == "find-links" else " ".join(values)
            translated[variables[0]] = given
    # These go before SSL_CERT_FILE: they do in pip.
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    bundle = next(filter(None, (options.get("cert"), *map(environment.get, names))), None)
    trusted = {}
    if bundle:
        trusted["SSL_CERT_DIR" if Path(bundle).is_dir() else "SSL_CERT_FILE"] = bundle
    return {**translated, **environment, **trusted}


def _value(configuration: Configuration, key: str) -> str:
    try:
        return str(configuration.get_value(key)).strip()
    except ConfigurationError:
        return ""


def _present(links: list[str]) -> Iterator[str]:
    """Leave out the folders that are missing: pip warns of them, uv would stop."""
    for link in links:
        url = urlsplit(link)
        if url.scheme not in {"", "file"}:
            yield link
            continue
        folder = Path(url2pathname(url.path) if url.scheme else link).expanduser()
        if folder.exists():
            yield str(folder)


def _system_has_certificates() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


if __name__ == "__main__":
    main()
