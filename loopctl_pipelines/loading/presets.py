"""The columns of common exports. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Format(StrEnum):
    """An export whose columns are known."""

    AGENT_SESSIONS = "agent-sessions"
    LITELLM = "litellm"
    LOOPCTL_SUMMARIES = "loopctl-summaries"
    OPENAI_COSTS = "openai-costs"
    OPENROUTER = "openrouter"


@dataclass(frozen=True, slots=True)
class Preset:
    """An export's columns.

    Attributes:
        columns: of the fields that the export has under names of its own.
        part_of_input: columns of tokens that its input tokens contain already.
    """

    columns: Mapping[str, str]
    part_of_input: tuple[str, ...] = ()


PRESETS: Final[Mapping[Format, Preset]] = {
    # one object per answer of a coding agent, with Anthropic's `usage`
    Format.AGENT_SESSIONS: Preset(
        {
            "at": "timestamp",
            "project": "project",
            "story": "session",
            "model": "model",
            "cost": "cost_usd",
            "input_tokens": "usage.input_tokens",
            "cache_write_tokens": "usage.cache_creation_input_tokens",
            "cache_read_tokens": "usage.cache_read_input_tokens",
            "output_tokens": "usage.output_tokens",
        }
    ),
    # the table LiteLLM_SpendLogs
    Format.LITELLM: Preset(
        {
            "tenant": "team_id",
            "at": "startTime",
            "story": "session_id",
            "agent": "user",
            "model": "model",
            "cost": "spend",
            "input_tokens": "prompt_tokens",
            "output_tokens": "completion_tokens",
        },
        part_of_input=("cache_read_input_tokens", "cache_creation_input_tokens"),
    ),
    # what `export` writes; the id is the story, because names may be alike or empty
    Format.LOOPCTL_SUMMARIES: Preset(
        {
            "tenant": "tenant",
            "at": "day_utc",
            "project": "scope_name",
            "story": "scope_id",
            "model": "model",
            "cost": "cost_usd",
            "input_tokens": "input_tokens",
            "output_tokens": "output_tokens",
        }
    ),
    # costs per day and line item
    Format.OPENAI_COSTS: Preset(
        {
            "at": "start_time",
            "project": "project_name",
            "model": "line_item",
            "cost": "amount_value",
            "currency": "amount_currency",
        }
    ),
    # OpenRouter's activity
    Format.OPENROUTER: Preset(
        {
            "at": "created_at",
            "agent": "app_name",
            "model": "model_permaslug",
            "cost": "cost_total",
            "input_tokens": "tokens_prompt",
            "output_tokens": "tokens_completion",
        },
        part_of_input=("tokens_cached", "tokens_reasoning"),
    ),
}
