"""The fields of a tenant's settings, their values, and how little of a key is shown. Pure."""

import re
from collections.abc import Mapping
from typing import Final, Literal

KeyField = Literal["api_key", "embedding_api_key"]
ModelField = Literal["extraction_model", "classification_model", "merge_model", "embedding_model"]
Changes = Mapping[KeyField | ModelField, str | None]
"""New values of some fields; None: no key, or the default model."""

KEY_FIELDS: Final[tuple[KeyField, ...]] = ("api_key", "embedding_api_key")
MODEL_FIELDS: Final[tuple[ModelField, ...]] = (
    "extraction_model",
    "classification_model",
    "merge_model",
    "embedding_model",
)
MOST_KEY_CHARACTERS: Final = 500
MODEL_PATTERN: Final = r"[A-Za-z0-9._:-]{1,200}"

_SHORTEST_WITH_HINT: Final = 12
_SHOWN: Final = 4
_MODEL: Final = re.compile(MODEL_PATTERN)
# what an HTTP header can carry
_KEY: Final = re.compile(r"[!-~]+")


def key_problem(key: str) -> str | None:
    """Return why a stripped key cannot be used, without repeating any of the key."""
    if not key:
        return "must not be blank; null removes the key"
    if len(key) > MOST_KEY_CHARACTERS:
        return f"must have at most {MOST_KEY_CHARACTERS} characters"
    if _KEY.fullmatch(key) is None:
        return "must have visible ASCII characters only"
    return None


def model_problem(model: str) -> str | None:
    """Return why a model's name cannot be used."""
    if _MODEL.fullmatch(model) is None:
        return "must have 1 to 200 letters, digits and . _ : -"
    return None


def hint(key: str) -> str | None:
    """Return the end of a key, by which its owner knows it; None: it is too short for that."""
    return f"...{key[-_SHOWN:]}" if len(key) >= _SHORTEST_WITH_HINT else None
