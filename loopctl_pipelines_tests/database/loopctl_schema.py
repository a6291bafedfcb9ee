"""The real schema of loopctl, beside the repository; tests that need it skip where it is absent."""

from pathlib import Path

import psycopg
import pytest

_REPOSITORY = Path(__file__).parents[2]
_SCHEMA = _REPOSITORY.parent / "shared" / "reference" / "loopctl_schema.sql"

needs_real_schema = pytest.mark.skipif(
    not _SCHEMA.exists(), reason=f"no {_SCHEMA.name} in ../shared/reference"
)


def load_real_schema(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SCHEMA.read_bytes())
