"""The names of all settings, as the code reads them."""

from loopctl_pipelines.settings import Settings


class _Recorded(dict[str, str]):
    """An environment that records which variables are read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return default


def settings_read() -> set[str]:
    """Return the variables that `Settings.from_environment` reads."""
    environment = _Recorded()
    Settings.from_environment(environment)
    return environment.names
