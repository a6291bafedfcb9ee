"""Which articles a caller sees: an agent's private articles are hidden from other agents. Pure."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

HIDING: Final = frozenset({"private", "owner"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """A caller who looks at articles.

    Attributes:
        agent_id: the agent of the caller's key; None: the key belongs to none.
        is_agent: the caller acts as an agent; all other roles see every article.
    """

    agent_id: UUID | None
    is_agent: bool

    def sees(self, visibility: str | None, owner: str | None) -> bool:
        """Return whether they see an article.

        Args:
            visibility: `metadata.visibility` of the article.
            owner: `metadata.agent_id` of the article.
        """
        if not self.is_agent or visibility not in HIDING:
            return True
        return self.agent_id is not None and owner == str(self.agent_id)

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of statements that hide articles: `sees_all` and `agent_id`."""
        return {
            "sees_all": not self.is_agent,
            "agent_id": None if self.agent_id is None else str(self.agent_id),
        }


EVERYTHING: Final = Viewer(None, is_agent=False)
"""A viewer from whom nothing of the tenant is hidden."""
