"""The free metadata of an article, and what an agent may say there. Pure."""

import json
import math
from collections.abc import Mapping
from typing import Final

from loopctl_pipelines.knowledge.ingestion.documents.text import is_valid_text

MOST_METADATA_BYTES: Final = 65_536
MEMORY_TYPES: Final = ("observation", "finding", "summary", "decision", "question", "task")
VISIBILITIES: Final = ("shared", "private", "owner")
_OF_AN_AGENT: Final = {"agent_id": None, "memory_type": MEMORY_TYPES, "visibility": VISIBILITIES}
_MOST_AGENT_BYTES: Final = 200


def metadata_problem(metadata: Mapping[str, object]) -> str | None:
    """Return why loopctl would not store this metadata; None: it would."""
    if not _is_storable(metadata):
        return "must not contain a NUL character, half a character or a number that is not finite"
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MOST_METADATA_BYTES:
        return f"must not have more than {MOST_METADATA_BYTES:,} bytes"
    if "agent_id" not in metadata:
        return None
    agent = metadata["agent_id"]
    if not isinstance(agent, str) or not agent.strip() or len(agent.encode()) > _MOST_AGENT_BYTES:
        return f"agent_id must be a text of at most {_MOST_AGENT_BYTES} bytes"
    for name, allowed in _OF_AN_AGENT.items():
        if allowed and name in metadata and metadata[name] not in allowed:
            return f"{name} must be one of {', '.join(allowed)}"
    return None


def claims_an_agent(metadata: Mapping[str, object]) -> bool:
    """Return whether the metadata says what only an agent's own key may say."""
    return not metadata.keys().isdisjoint(_OF_AN_AGENT)


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return is_valid_text(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(_is_storable(name) and _is_storable(item) for name, item in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return True
