"""Every setting: one name, one default, one place.

Values come from environment variables; `definitions.py` and `cli`, the two entry points, hand
`os.environ` to `Settings.from_environment`. Nothing else reads the environment.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from loopctl_pipelines.anomaly_rule import AnomalyRule, AnomalyRuleError
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.postgres_url import problem_of

_ROLLING_START = re.compile(r"-(\d{1,4})d")
_ROLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_CLOAK_KEY_BYTES = 32
_NOT_SHOWN = ("_url", "_key")


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


@dataclass(frozen=True)
class Settings:
    """All settings, validated. URLs hold passwords, so the repr shows no URL and no key.

    Attributes:
        database_url: libpq URL of loopctl's database; None: the embedded PostgreSQL.
        database_role: role of every tenant transaction; row-level security must bind it.
        dagster_url: libpq URL of Dagster's storage; None: a second database on the same server.
        home: folder of the embedded server and of Dagster's local files.
        start_date: first day of the date partitions.
        trailing_days: days before yesterday that the schedule recomputes, for reports that were
            committed late.
        connections: tenants processed concurrently, each on its own connection.
        cloak_key: 32 bytes that decrypt tenants' keys; None: they cannot be decrypted.
        embedding_base_url: URL of the OpenAI-compatible embedding API, including `/v1`.
        embedding_requests: concurrent embedding requests of one run.
        embedding_requests_per_tenant: concurrent embedding requests of one tenant.
        anthropic_base_url: URL of Anthropic's API, or a server that speaks it, without `/v1`.
        anthropic_deadline_seconds: for a whole request to Anthropic.
        api_connections: API requests that use the database concurrently.
        api_read_role: lowest role that may read through the API: user or orchestrator.
        anomaly_rule: the operator's anomaly rule; a tenant's own settings take precedence.
        rollup: `package.module:attribute` of the code that computes summaries; None: the default.
    """

    database_url: str | None = None
    database_role: str = "loopctl_app"
    dagster_url: str | None = None
    home: Path = Path(".loopctl")
    start_date: StartDate = StartDate(day=date(2026, 1, 1))
    trailing_days: int = 2
    connections: int = 4
    cloak_key: bytes | None = None
    embedding_base_url: str = "https://api.openai.com/v1"
    embedding_requests: int = 32
    embedding_requests_per_tenant: int = 4
    anthropic_base_url: str = "https://api.anthropic.com"
    anthropic_deadline_seconds: int = 120
    api_connections: int = 8
    api_read_role: str = "user"
    anomaly_rule: AnomalyRule = field(default_factory=AnomalyRule)
    rollup: str | None = None

    def __repr__(self) -> str:
        shown = (f.name for f in fields(self) if not f.name.endswith(_NOT_SHOWN))
        return f"Settings({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read and validate every setting; an empty value counts as unset.

        Raises:
            SettingsError: naming the first setting that cannot be used.
        """
        values = _Reader(environment)
        return cls(
            database_url=values.postgres_url("LOOPCTL_DATABASE_URL"),
            database_role=values.role("LOOPCTL_DATABASE_ROLE", cls.database_role),
            dagster_url=values.postgres_url("LOOPCTL_DAGSTER_URL"),
            home=Path(values.text("LOOPCTL_HOME") or cls.home),
            start_date=values.start_date("LOOPCTL_START_DATE", cls.start_date),
            trailing_days=values.whole("LOOPCTL_TRAILING_DAYS", cls.trailing_days, 0, 31),
            connections=values.whole("LOOPCTL_CONNECTIONS", cls.connections, 1, 64),
            cloak_key=values.cloak_key("LOOPCTL_CLOAK_KEY"),
            embedding_base_url=values.http_url(
                "LOOPCTL_EMBEDDING_BASE_URL", cls.embedding_base_url, "ending in /v1"
            ),
            embedding_requests=values.whole(
                "LOOPCTL_EMBEDDING_REQUESTS", cls.embedding_requests, 1, 256
            ),
            embedding_requests_per_tenant=values.whole(
                "LOOPCTL_EMBEDDING_REQUESTS_PER_TENANT", cls.embedding_requests_per_tenant, 1, 64
            ),
            anthropic_base_url=values.anthropic_url(
                "LOOPCTL_ANTHROPIC_BASE_URL", cls.anthropic_base_url
            ),
            anthropic_deadline_seconds=values.whole(
                "LOOPCTL_ANTHROPIC_DEADLINE_SECONDS", cls.anthropic_deadline_seconds, 1, 180
            ),
            api_connections=values.whole("LOOPCTL_API_CONNECTIONS", cls.api_connections, 1, 256),
            api_read_role=values.one_of(
                "LOOPCTL_API_READ_ROLE", cls.api_read_role, ("user", "orchestrator")
            ),
            anomaly_rule=values.anomaly_rule("LOOPCTL_ANOMALY_"),
            rollup=values.reference("LOOPCTL_ROLLUP"),
        )


class _Reader:
    """Parses single settings; its errors name the setting and never repeat a URL."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def postgres_url(self, name: str) -> str | None:
        url = self.text(name)
        if url is not None and (problem := problem_of(url)):
            raise SettingsError(name, problem)
        return url

    def http_url(self, name: str, default: str, ending: str) -> str:
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
        ending = "not ending in /v1, which the client adds"
        url = self.http_url(name, default, ending)
        if url.rstrip("/").endswith(("/v1", "/v1/messages")):
            raise SettingsError(name, f"must be an http(s):// URL {ending}")
        return url

    def cloak_key(self, name: str) -> bytes | None:
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

    def role(self, name: str, default: str) -> str:
        role = self.text(name) or default
        if not _ROLE_NAME.fullmatch(role):
            raise SettingsError(name, "must be a plain PostgreSQL role name, such as loopctl_app")
        return role

    def reference(self, name: str) -> str | None:
        reference = self.text(name)
        if reference is not None and not _REFERENCE.fullmatch(reference):
            raise SettingsError(name, "must be package.module:attribute, a Python object")
        return reference

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        text = self.text(name) or default
        if text not in choices:
            raise SettingsError(name, f"must be {' or '.join(choices)}")
        return text

    def start_date(self, name: str, default: StartDate) -> StartDate:
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
        text = self.text(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise SettingsError(name, f"must be a whole number from {low} to {high}")
        return int(text)

    def anomaly_rule(self, prefix: str) -> AnomalyRule:
        names = {part: f"{prefix}{part.upper()}" for part in AnomalyRule.model_fields}
        given = {part: text for part, name in names.items() if (text := self.text(name))}
        try:
            return AnomalyRule.parse(given)
        except AnomalyRuleError as error:
            problem = SettingsError(names.get(error.field or "", prefix), error.problem)
        raise problem
