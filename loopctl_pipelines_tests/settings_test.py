"""Settings: one name, one default, validated at start."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from loopctl_pipelines.anomaly_rule import LIFETIME, AnomalyRule, Baseline, RuleKind
from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.setting_reader import StartDate
from loopctl_pipelines.settings import Settings


def test_an_empty_environment_gives_the_defaults_of_the_contract() -> None:
    settings = Settings.from_environment({})
    assert settings.database_url is None
    assert settings.database_role == "loopctl_app"
    assert settings.home == Path(".loopctl")
    assert settings.start_date.resolve(date(2026, 5, 1)) == date(2026, 1, 1)
    assert settings.trailing_days == 2


def test_an_empty_value_counts_as_unset() -> None:
    empty = {"LOOPCTL_DATABASE_URL": " ", "LOOPCTL_TRAILING_DAYS": ""}
    assert Settings.from_environment(empty) == Settings()


def test_without_a_database_an_environment_that_forbids_the_embedded_one_is_refused() -> None:
    with pytest.raises(SettingsError, match="LOOPCTL_DATABASE_URL must be set"):
        Settings.from_environment({"LOOPCTL_EMBEDDED_POSTGRES": "no"})


def test_an_environment_that_forbids_the_embedded_database_uses_the_one_that_is_given() -> None:
    url = "postgresql://db/loopctl"
    given = {"LOOPCTL_EMBEDDED_POSTGRES": "no", "LOOPCTL_DATABASE_URL": url}
    assert Settings.from_environment(given).database_url == url


def test_a_rolling_start_date_moves_with_the_day() -> None:
    start = StartDate.parse("-90d")
    assert start.resolve(date(2026, 4, 1)) == date(2026, 1, 1)
    assert start.resolve(date(2026, 4, 2)) == date(2026, 1, 2)


def test_the_anomaly_rule_is_the_references_where_nothing_is_set() -> None:
    rule = Settings.from_environment({}).anomaly_rule
    assert rule == AnomalyRule(
        baseline=Baseline.EPIC_AVERAGE,
        high_factor=Decimal("3.0"),
        low_factor=Decimal("0.1"),
        minimum_stories=1,
        floor_millicents=0,
        days=1,
    )


def test_each_part_of_the_anomaly_rule_is_a_setting() -> None:
    given = {
        "LOOPCTL_ANOMALY_RULE": "calibrated",
        "LOOPCTL_ANOMALY_CALIBRATED_TENANTS": "acme, globex",
        "LOOPCTL_ANOMALY_HIGH_BUDGET": "5",
        "LOOPCTL_ANOMALY_LOW_BUDGET": "0.5",
        "LOOPCTL_ANOMALY_BASELINE": "peer_median",
        "LOOPCTL_ANOMALY_HIGH_FACTOR": "2.5",
        "LOOPCTL_ANOMALY_LOW_FACTOR": "0.05",
        "LOOPCTL_ANOMALY_MINIMUM_STORIES": "3",
        "LOOPCTL_ANOMALY_FLOOR_MILLICENTS": "1000",
        "LOOPCTL_ANOMALY_DAYS": "lifetime",
    }
    assert Settings.from_environment(given).anomaly_rule == AnomalyRule(
        rule=RuleKind.CALIBRATED,
        calibrated_tenants=frozenset({"acme", "globex"}),
        high_budget=Decimal(5),
        low_budget=Decimal("0.5"),
        baseline=Baseline.PEER_MEDIAN,
        high_factor=Decimal("2.5"),
        low_factor=Decimal("0.05"),
        minimum_stories=3,
        floor_millicents=1000,
        days=LIFETIME,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOOPCTL_DATABASE_URL", "mysql://root@db/loopctl"),
        ("LOOPCTL_DAGSTER_URL", "loopctl"),
        ("LOOPCTL_EMBEDDED_POSTGRES", "maybe"),
        ("LOOPCTL_DATABASE_ROLE", "app; DROP TABLE tenants"),
        ("LOOPCTL_START_DATE", "01/02/2026"),
        ("LOOPCTL_START_DATE", "-0d"),
        ("LOOPCTL_START_DATE", str(datetime.now(UTC).date() + timedelta(days=1))),
        ("LOOPCTL_TRAILING_DAYS", "32"),
        ("LOOPCTL_TRAILING_DAYS", "-1"),
        ("LOOPCTL_TRAILING_DAYS", "two"),
        ("LOOPCTL_TRAILING_DAYS", "٣"),
        ("LOOPCTL_ANOMALY_RULE", "best"),
        ("LOOPCTL_ANOMALY_DAYS", "lifetime"),
        ("LOOPCTL_ANOMALY_HIGH_BUDGET", "0"),
        ("LOOPCTL_CONNECTIONS", "0"),
        ("LOOPCTL_EMBEDDING_DEADLINE_SECONDS", "0"),
        ("LOOPCTL_EMBEDDING_DEADLINE_SECONDS", "181"),
        ("LOOPCTL_EMBEDDING_REQUEST_TEXTS", "2049"),
        ("LOOPCTL_EMBEDDING_REQUEST_TOKENS", "63"),
        ("LOOPCTL_EMBEDDING_TEXT_TOKENS", "many"),
        ("LOOPCTL_EMBEDDING_KEY_HEADER", "api key"),
        ("LOOPCTL_EMBEDDING_KEY_HEADER", "api-key: x"),
        ("LOOPCTL_EMBEDDING_KEY_HEADER", "Host"),
        ("LOOPCTL_EMBEDDING_KEY_HEADER", "content-length"),
        ("LOOPCTL_ANTHROPIC_BASE_URL", "api.anthropic.com"),
        ("LOOPCTL_ANTHROPIC_BASE_URL", "https://key@api.anthropic.com"),
        ("LOOPCTL_ANTHROPIC_BASE_URL", "https://api.anthropic.com/v1/"),
        ("LOOPCTL_ANTHROPIC_BASE_URL", "https://api.anthropic.com/v1/messages"),
        ("LOOPCTL_ANTHROPIC_DEADLINE_SECONDS", "0"),
        ("LOOPCTL_ANTHROPIC_DEADLINE_SECONDS", "181"),
        ("LOOPCTL_FETCH_PORTS", "http"),
        ("LOOPCTL_FETCH_PORTS", "80;443"),
        ("LOOPCTL_FETCH_PORTS", "80,"),
        ("LOOPCTL_FETCH_PORTS", "0"),
        ("LOOPCTL_FETCH_PORTS", "65536"),
        ("LOOPCTL_ANOMALY_BASELINE", "mean"),
        ("LOOPCTL_ANOMALY_HIGH_FACTOR", "1"),
        ("LOOPCTL_ANOMALY_HIGH_FACTOR", "nan"),
        ("LOOPCTL_ANOMALY_HIGH_FACTOR", "three"),
        ("LOOPCTL_ANOMALY_LOW_FACTOR", "-0.1"),
        ("LOOPCTL_ANOMALY_LOW_FACTOR", "1"),
        ("LOOPCTL_ANOMALY_MINIMUM_STORIES", "0"),
        ("LOOPCTL_ANOMALY_MINIMUM_STORIES", "2.5"),
        ("LOOPCTL_ANOMALY_FLOOR_MILLICENTS", "-1"),
        ("LOOPCTL_ANOMALY_DAYS", "32"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_setting_s_name(
    name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must"):
        Settings.from_environment({name: value})


def test_the_ports_of_documents_are_a_list() -> None:
    assert Settings.from_environment({}).fetch_ports == (80, 443)
    settings = Settings.from_environment({"LOOPCTL_FETCH_PORTS": "8080,443"})
    assert settings.fetch_ports == (8080, 443)


def test_the_token_of_the_metrics_is_long_and_never_shown() -> None:
    shown = "0123456789abcdef01234567"
    settings = Settings.from_environment({"LOOPCTL_METRICS_TOKEN": shown})
    assert settings.metrics_token == shown
    assert shown not in repr(settings)
    for unfit in (shown[:-1], f"{shown} {shown}", f"{shown}\u00e9"):
        with pytest.raises(
            SettingsError, match="LOOPCTL_METRICS_TOKEN must be 24 to 512"
        ) as raised:
            Settings.from_environment({"LOOPCTL_METRICS_TOKEN": unfit})
        assert shown[:8] not in str(raised.value)


def test_neither_the_repr_nor_an_error_shows_a_password() -> None:
    url = "postgresql://loopctl:hunter2@db/loopctl"
    settings = Settings.from_environment({"LOOPCTL_DATABASE_URL": url, "LOOPCTL_DAGSTER_URL": url})
    assert "hunter2" not in repr(settings)
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"LOOPCTL_DATABASE_URL": "mysql://loopctl:hunter2@db"})
    assert "hunter2" not in str(raised.value)
