"""The categories of articles: loopctl's. Pure."""

from typing import Final

OFFERED_CATEGORIES: Final = {
    "pattern": "the shape of a solution that works again",
    "decision": "a choice, and the reasons for it",
    "finding": "something discovered by trying or measuring",
    "reference": "facts to look up",
    "playbook": "steps in their order",
    "insight": "a principle that lasts",
    "entity": "a person, company, tool or product",
    "idea": "something to build or to try",
    "quote": "words worth repeating, with their author",
    "question": "something that is still open",
}
"""The categories that a model may choose from, each with its meaning."""

CATEGORIES: Final = frozenset(OFFERED_CATEGORIES) | {"convention"}
"""The accepted ones: `convention` is retired, and still accepted from a model."""
