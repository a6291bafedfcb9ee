"""The real schema of loopctl, beside the repository; tests that need it skip where it is absent."""

from pathlib import Path

import psycopg
import pytest

_REPOSITORY = Path(__file__).parents[2]
_REFERENCE = _REPOSITORY.parent / "shared" / "reference"
# in the order in which they load
_SCHEMAS = [_REFERENCE / "loopctl_schema.sql", _REFERENCE / "knowledge_schema.sql"]

needs_real_schema = pytest.mark.skipif(
    not all(schema.exists() for schema in _SCHEMAS), reason=f"no schema in {_REFERENCE.name}"
)


def load_real_schema(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for schema in _SCHEMAS:
            connection.execute(schema.read_bytes())
