"""Every setting: one name, one default, one place.

Values come from environment variables; the entry points `definitions.py`, `dagster_storage.py` and
`cli` hand `os.environ` to `Settings.from_environment`. Nothing else reads the environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path

from loopctl_pipelines.anomaly_rule import AnomalyRule
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.setting_reader import SettingReader, StartDate

_FIRST_DAY = StartDate(day=date(2026, 1, 1))
_NOT_SHOWN = ("_url", "_urls", "_key", "_token")


@dataclass(frozen=True)
class Settings:
    """All settings, validated. URLs hold passwords, so the repr shows no URL and no key.

    Attributes:
        database_url: libpq URL of loopctl's database; None: the embedded PostgreSQL, which
            LOOPCTL_EMBEDDED_POSTGRES=no forbids.
        database_role: role of every tenant transaction; row-level security must bind it.
        dagster_url: libpq URL of Dagster's storage; None: a second database on the same server.
        dagster_retention_days: Dagster's history is deleted after this time; 0: all is kept.
        home: folder of the embedded server and of Dagster's local files.
        start_date: first day of the date partitions.
        trailing_days: days before yesterday that the schedule recomputes, for late reports.
        runs_per_night: runs that the tenants of a night, or of pending work, are spread over.
        connections: tenants processed concurrently, each on its own connection.
        cloak_key: 32 bytes that decrypt tenants' keys; None: they cannot be.
        embedding_base_url: URL of the OpenAI-compatible embedding API, including `/v1`.
        embedding_key_header: header that carries a tenant's key.
        embedding_deadline_seconds: for a whole embedding request.
        embedding_request_texts: texts per embedding request.
        embedding_request_tokens: tokens per embedding request, all texts together.
        embedding_text_tokens: tokens per text that the model takes.
        embedding_requests: concurrent embedding requests of one run.
        embedding_requests_per_tenant: concurrent embedding requests of one tenant.
        anthropic_base_url: URL of Anthropic's API, or a server that speaks it, without `/v1`.
        anthropic_deadline_seconds: for a whole request to Anthropic.
        extraction_requests: concurrent extraction requests of one run.
        extraction_requests_per_tenant: concurrent extraction requests of one tenant.
        extract_reviews: slugs of the tenants whose reviews are extracted here.
        fetch_ports, fetch_seconds: of a document; the seconds are for the whole fetch.
        ingestion_retention_days: of a document, from its completion.
        low_novelty_similarity: from here on, a proposed article is created as a draft.
        duplicate_similarity: from here on, a proposed article is not created.
        api_connections: API requests that use the database concurrently.
        api_read_role: lowest role that may read through the API: user or orchestrator.
        metrics_token: who shows it may read the API's /metrics; None: there is no such route.
        metrics_tenants: slugs that metrics may name, or `all`; none: totals only.
        log_format: text or json.
        anomaly_rule: the operator's anomaly rule; a tenant's own settings take precedence.
        alert_urls: Apprise URLs that alerts are sent to; none: alerts are off.
        ui_url: address of the Dagster UI, for the links in alerts.
        model_aliases: listed names of models by the operator's own names, in lower case.
        rollup: `package.module:attribute` of the code that computes summaries; None: the default.
    """

    database_url: str | None = None
    database_role: str = "loopctl_app"
    dagster_url: str | None = None
    dagster_retention_days: int = 90
    home: Path = Path(".loopctl")
    start_date: StartDate = _FIRST_DAY
    trailing_days: int = 2
    runs_per_night: int = 1
    connections: int = 4
    cloak_key: bytes | None = None
    embedding_base_url: str = "https://api.openai.com/v1"
    embedding_key_header: str = "Authorization"
    embedding_deadline_seconds: int = 4
    embedding_request_texts: int = 2_048
    embedding_request_tokens: int = 300_000
    embedding_text_tokens: int = 8_192
    embedding_requests: int = 32
    embedding_requests_per_tenant: int = 4
    anthropic_base_url: str = "https://api.anthropic.com"
    anthropic_deadline_seconds: int = 120
    extraction_requests: int = 64
    extraction_requests_per_tenant: int = 8
    extract_reviews: frozenset[str] = frozenset()
    fetch_ports: tuple[int, ...] = (80, 443)
    fetch_seconds: int = 30
    ingestion_retention_days: int = 30
    low_novelty_similarity: float = 0.88
    duplicate_similarity: float = 0.97
    api_connections: int = 8
    api_read_role: str = "user"
    metrics_token: str | None = None
    metrics_tenants: frozenset[str] = frozenset()
    log_format: str = "text"
    anomaly_rule: AnomalyRule = field(default_factory=AnomalyRule)
    alert_urls: tuple[str, ...] = ()
    ui_url: str = "http://127.0.0.1:3000"
    model_aliases: Mapping[str, str] = field(default_factory=dict)
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
        values = SettingReader(environment)
        low_novelty = values.fraction("LOOPCTL_LOW_NOVELTY_SIMILARITY", cls.low_novelty_similarity)
        return cls(
            database_url=_database_url(values),
            database_role=values.role("LOOPCTL_DATABASE_ROLE", cls.database_role),
            dagster_url=values.postgres_url("LOOPCTL_DAGSTER_URL"),
            dagster_retention_days=values.whole(
                "LOOPCTL_DAGSTER_RETENTION_DAYS", cls.dagster_retention_days, 0, 3650
            ),
            home=Path(values.text("LOOPCTL_HOME") or cls.home),
            start_date=values.start_date("LOOPCTL_START_DATE", cls.start_date),
            trailing_days=values.whole("LOOPCTL_TRAILING_DAYS", cls.trailing_days, 0, 31),
            runs_per_night=values.whole("LOOPCTL_RUNS_PER_NIGHT", cls.runs_per_night, 1, 100),
            connections=values.whole("LOOPCTL_CONNECTIONS", cls.connections, 1, 64),
            cloak_key=values.cloak_key("LOOPCTL_CLOAK_KEY"),
            embedding_base_url=values.http_url(
                "LOOPCTL_EMBEDDING_BASE_URL", cls.embedding_base_url, "ending in /v1"
            ),
            embedding_key_header=values.key_header(
                "LOOPCTL_EMBEDDING_KEY_HEADER", cls.embedding_key_header
            ),
            embedding_deadline_seconds=values.whole(
                "LOOPCTL_EMBEDDING_DEADLINE_SECONDS", cls.embedding_deadline_seconds, 1, 180
            ),
            embedding_request_texts=values.whole(
                "LOOPCTL_EMBEDDING_REQUEST_TEXTS", cls.embedding_request_texts, 1, 2_048
            ),
            embedding_request_tokens=values.whole(
                "LOOPCTL_EMBEDDING_REQUEST_TOKENS", cls.embedding_request_tokens, 64, 1_000_000
            ),
            embedding_text_tokens=values.whole(
                "LOOPCTL_EMBEDDING_TEXT_TOKENS", cls.embedding_text_tokens, 64, 131_072
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
            extraction_requests=values.whole(
                "LOOPCTL_EXTRACTION_REQUESTS", cls.extraction_requests, 1, 256
            ),
            extraction_requests_per_tenant=values.whole(
                "LOOPCTL_EXTRACTION_REQUESTS_PER_TENANT", cls.extraction_requests_per_tenant, 1, 64
            ),
            extract_reviews=values.slugs("LOOPCTL_EXTRACT_REVIEWS"),
            fetch_ports=values.ports("LOOPCTL_FETCH_PORTS", cls.fetch_ports),
            fetch_seconds=values.whole("LOOPCTL_FETCH_SECONDS", cls.fetch_seconds, 1, 300),
            ingestion_retention_days=values.whole(
                "LOOPCTL_INGESTION_RETENTION_DAYS", cls.ingestion_retention_days, 0, 3650
            ),
            low_novelty_similarity=low_novelty,
            duplicate_similarity=values.fraction(
                "LOOPCTL_DUPLICATE_SIMILARITY", cls.duplicate_similarity, low_novelty
            ),
            api_connections=values.whole("LOOPCTL_API_CONNECTIONS", cls.api_connections, 1, 256),
            api_read_role=values.one_of(
                "LOOPCTL_API_READ_ROLE", cls.api_read_role, ("user", "orchestrator")
            ),
            metrics_token=values.token("LOOPCTL_METRICS_TOKEN"),
            metrics_tenants=values.slugs("LOOPCTL_METRICS_TENANTS"),
            log_format=values.one_of("LOOPCTL_LOG_FORMAT", cls.log_format, ("text", "json")),
            anomaly_rule=values.anomaly_rule("LOOPCTL_ANOMALY_"),
            alert_urls=values.alert_urls("LOOPCTL_ALERT_URLS"),
            ui_url=values.http_url("LOOPCTL_UI_URL", cls.ui_url, "where the Dagster UI is opened"),
            model_aliases=values.aliases("LOOPCTL_MODEL_ALIASES"),
            rollup=values.reference("LOOPCTL_ROLLUP"),
        )


def _database_url(values: SettingReader) -> str | None:
    url = values.postgres_url("LOOPCTL_DATABASE_URL")
    embedded = values.one_of("LOOPCTL_EMBEDDED_POSTGRES", "yes", ("yes", "no"))
    if url is None and embedded == "no":
        raise SettingsError(
            "LOOPCTL_DATABASE_URL",
            "must be set: LOOPCTL_EMBEDDED_POSTGRES=no, as in the container image, forbids the "
            "embedded PostgreSQL, whose data would end with the container",
        )
    return url
