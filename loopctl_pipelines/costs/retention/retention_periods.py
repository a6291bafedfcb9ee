"""How long token usage is kept, where no tenant decides. Pure."""

from typing import Final

SOFT_DELETED_DAYS: Final = 30
"""Days after which a soft-deleted report is deleted; loopctl's rule for every tenant."""

SHORTEST_DAYS: Final = 30
"""loopctl rejects a shorter token_data_retention_days."""
