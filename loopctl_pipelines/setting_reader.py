"""Reads single settings from the environment's values, and checks them.

Every method raises SettingsError, which names the setting, if the value cannot be used.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from loopctl_pipelines.anomaly_rule import AnomalyRule, AnomalyRuleError
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.postgres_url import problem_of

_ROLLING_START = re.compile(r"-(\d{1,4})d")
_ROLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])"
_FRACTION = re.compile(r"[01]|[01]?\.[0-9]{1,6}")
_PORTS = re.compile(rf"{_PORT}(,{_PORT})*", re.ASCII)
_NEXT_URL = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")
# they have values of their own, or a meaning for the connection
_HEADERS_OF_REQUESTS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-stainless-raw-response",
    }
)
_CLOAK_KEY_BYTES = 32
# visible ASCII, as a header carries it
_TOKEN = re.compile(r"[!-~]{24,512}")


@dataclass(frozen=True, slots=True)
class StartDate:
    """First day of the date partitions: a fixed day, or a number of days before today (UTC)."""

    day: date | None = None
    days_back: int | None = None

    def resolve(self, today: date) -> date:
        """Return the first day with a partition, seen from `today`."""
        return self.day if self.day is not None else today - timedelta(days=self.days_back or 0)

    @classmethod
    def parse(cls, text: str) -> "StartDate":
        """Read `2026-01-01` or `-90d`.

        Raises:
            ValueError: if the text is neither.
        """
        if rolling := _ROLLING_START.fullmatch(text):
            return cls(days_back=int(rolling.group(1)))
        return cls(day=date.fromisoformat(text))


class SettingReader:
    """Parses settings by name; its errors name the setting and never repeat a URL."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str | None:
        """Return the value without surrounding blanks; None: it is unset or blank."""
        return self._environment.get(name, "").strip() or None

    def postgres_url(self, name: str) -> str | None:
        """Return a libpq URL."""
        url = self.text(name)
        if url is not None and (problem := problem_of(url)):
            raise SettingsError(name, problem)
        return url

    def http_url(self, name: str, default: str, ending: str) -> str:
        """Return an http(s) URL; `ending` completes the error's sentence."""
        url = self.text(name) or default
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment or parts.username or parts.password:
            raise SettingsError(
                name, f"must be an http(s):// URL without user, query or fragment, {ending}"
            )
        return url

    def anthropic_url(self, name: str, default: str) -> str:
        """Return a URL without `/v1`."""
        ending = "not ending in /v1, which the client adds"
        url = self.http_url(name, default, ending)
        if url.rstrip("/").endswith(("/v1", "/v1/messages")):
            raise SettingsError(name, f"must be an http(s):// URL {ending}")
        return url

    def alert_urls(self, name: str) -> tuple[str, ...]:
        """Return Apprise URLs, given with blanks, line breaks or commas between them."""
        text = self.text(name)
        urls = tuple(_NEXT_URL.split(text)) if text else ()
        for place, url in enumerate(urls, start=1):
            if not _SCHEME.match(url):
                raise SettingsError(
                    name, f"must be URLs with blanks between them, and number {place} is none"
                )
        return urls

    def cloak_key(self, name: str) -> bytes | None:
        """Return 32 bytes, given in base64."""
        text = self.text(name)
        if text is None:
            return None
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if len(key) != _CLOAK_KEY_BYTES:
            raise SettingsError(
                name, "must be 32 bytes in base64, the key that loopctl encrypts with"
            )
        return key

    def token(self, name: str) -> str | None:
        """Return a secret that a client shows in a header."""
        token = self.text(name)
        if token is not None and not _TOKEN.fullmatch(token):
            raise SettingsError(
                name, "must be 24 to 512 visible ASCII characters, such as `openssl rand -hex 24`"
            )
        return token

    def role(self, name: str, default: str) -> str:
        """Return the name of a role."""
        role = self.text(name) or default
        if not _ROLE_NAME.fullmatch(role):
            raise SettingsError(name, "must be a plain PostgreSQL role name, such as loopctl_app")
        return role

    def reference(self, name: str) -> str | None:
        """Return `package.module:attribute`."""
        reference = self.text(name)
        if reference is not None and not _REFERENCE.fullmatch(reference):
            raise SettingsError(name, "must be package.module:attribute, a Python object")
        return reference

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return one of the choices."""
        text = self.text(name) or default
        if text not in choices:
            raise SettingsError(name, f"must be {' or '.join(choices)}")
        return text

    def start_date(self, name: str, default: StartDate) -> StartDate:
        """Return the first day of the date partitions."""
        text = self.text(name)
        if text is None:
            return default
        try:
            start = StartDate.parse(text)
        except ValueError:
            problem = "must be an ISO date such as 2026-01-01, or a rolling window such as -90d"
            raise SettingsError(name, problem) from None
        if start.resolve(today := datetime.now(UTC).date()) >= today:
            raise SettingsError(
                name, "must lie before today (UTC): a day is computed after it has ended"
            )
        return start

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        text = self.text(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise SettingsError(name, f"must be a whole number from {low} to {high}")
        return int(text)

    def fraction(self, name: str, default: float, low: float = 0.0) -> float:
        """Return a number from `low` to 1."""
        text = self.text(name)
        if text is None and default >= low:
            return default
        if text is None or not _FRACTION.fullmatch(text) or not low <= float(text) <= 1:
            raise SettingsError(name, f"must be a number from {low:g} to 1, such as 0.9")
        return float(text)

    def anomaly_rule(self, prefix: str) -> AnomalyRule:
        """Return the anomaly rule, whose settings begin with `prefix`."""
        names = {part: f"{prefix}{part.upper()}" for part in AnomalyRule.model_fields}
        given = {part: text for part, name in names.items() if (text := self.text(name))}
        try:
            return AnomalyRule.parse(given)
        except AnomalyRuleError as error:
            problem = SettingsError(names.get(error.field or "", prefix), error.problem)
        raise problem

    def slugs(self, name: str) -> frozenset[str]:
        """Return tenants' slugs, given with commas between them."""
        return frozenset(
            slug for part in (self.text(name) or "").split(",") if (slug := part.strip())
        )

    def aliases(self, name: str) -> dict[str, str]:
        """Return names by other names in lower case, given as `other=name` with commas between."""
        found: dict[str, str] = {}
        for part in filter(None, (each.strip() for each in (self.text(name) or "").split(","))):
            other, equals, meant = (text.strip() for text in part.partition("="))
            if not (other and equals and meant):
                problem = "must be pairs joined by commas, such as our-opus=claude-opus-4-5"
                raise SettingsError(name, problem)
            found[other.lower()] = meant
        return found

    def ports(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return port numbers, given with commas between them."""
        text = self.text(name) or ",".join(map(str, default))
        if not _PORTS.fullmatch(text):
            raise SettingsError(name, "must be ports joined by commas, such as 80,443")
        return tuple(map(int, text.split(",")))

    def key_header(self, name: str, default: str) -> str:
        """Read the name of a header that may carry a key."""
        header = self.text(name) or default
        if not _HEADER_NAME.fullmatch(header) or header.lower() in _HEADERS_OF_REQUESTS:
            raise SettingsError(
                name, "must be the name of a header that may carry a key, such as api-key"
            )
        return header
