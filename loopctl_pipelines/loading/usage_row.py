"""A row of usage, with ids made of what it says. Pure."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID, uuid5

USAGE_IDS: Final = UUID("0a7d0c52-9d0f-5c6f-8f0b-75736167652e")


class UsageRow(NamedTuple):
    """One row that has a cost; a tuple, because there may be a million.

    Attributes:
        id: uuid5 of the tenant, everything below, and the row's number among equal rows.
        at: naive UTC.
        cost_millicents: 1/1000 cent.
    """

    id: UUID
    tenant: str
    tenant_slug: str
    project: str
    project_slug: str
    epic: str
    story: str
    agent: str
    model: str
    at: datetime
    cost_millicents: int
    input_tokens: int
    output_tokens: int

    def path_id(self, *names: str) -> UUID:
        """Return the id of an object of this tenant, such as (`project`, slug)."""
        return _path_id(self.tenant_slug, *names)


@lru_cache(maxsize=50_000)
def _path_id(*path: str) -> UUID:
    return uuid5(USAGE_IDS, json.dumps(path))
