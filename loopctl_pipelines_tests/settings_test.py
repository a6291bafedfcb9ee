"""Settings: one name, one default, validated at start."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from loopctl_pipelines.errors import SettingsError
from loopctl_pipelines.settings import Settings, StartDate


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


def test_a_rolling_start_date_moves_with_the_day() -> None:
    start = StartDate.parse("-90d")
    assert start.resolve(date(2026, 4, 1)) == date(2026, 1, 1)
    assert start.resolve(date(2026, 4, 2)) == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOOPCTL_DATABASE_URL", "mysql://root@db/loopctl"),
        ("LOOPCTL_DAGSTER_URL", "loopctl"),
        ("LOOPCTL_DATABASE_ROLE", "app; DROP TABLE tenants"),
        ("LOOPCTL_START_DATE", "01/02/2026"),
        ("LOOPCTL_START_DATE", "-0d"),
        ("LOOPCTL_START_DATE", str(datetime.now(UTC).date() + timedelta(days=1))),
        ("LOOPCTL_TRAILING_DAYS", "32"),
        ("LOOPCTL_TRAILING_DAYS", "-1"),
        ("LOOPCTL_TRAILING_DAYS", "two"),
        ("LOOPCTL_TRAILING_DAYS", "٣"),
        ("LOOPCTL_CONNECTIONS", "0"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_setting_s_name(
    name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must"):
        Settings.from_environment({name: value})


def test_neither_the_repr_nor_an_error_shows_a_password() -> None:
    url = "postgresql://loopctl:hunter2@db/loopctl"
    settings = Settings.from_environment({"LOOPCTL_DATABASE_URL": url, "LOOPCTL_DAGSTER_URL": url})
    assert "hunter2" not in repr(settings)
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"LOOPCTL_DATABASE_URL": "mysql://loopctl:hunter2@db"})
    assert "hunter2" not in str(raised.value)
