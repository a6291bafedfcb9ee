"""What a tenant was billed for, added up by day, and what it costs by list price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.anthropic.exceptions import ANTHROPIC
from loopctl_pipelines.llm.list_prices import dollars_by_list_price
from loopctl_pipelines.llm.openai.exceptions import OPENAI
from loopctl_pipelines.llm.operation import Operation

_VENDORS: Final[Mapping[str, str]] = {
    operation.value: OPENAI.name if operation is Operation.EMBEDDING else ANTHROPIC.name
    for operation in Operation
}


@dataclass(frozen=True, slots=True)
class UsageSum:
    """The requests of one UTC day, operation, model and kind of source.

    Attributes:
        day: its start, naive UTC.
        operation: what the requests were for.
        model: the vendor's name of the model.
        source_type: what kind of thing was sent; None: it was not recorded.
        input_tokens: billed.
        output_tokens: billed.
        event_count: requests.
    """

    day: datetime
    operation: str
    model: str
    source_type: str | None
    input_tokens: int
    output_tokens: int
    event_count: int

    def dollars(self) -> Decimal | None:
        """Return the cost by list price; None: the model's price is not known."""
        vendor = _VENDORS.get(self.operation)
        if vendor is None:
            return None
        return dollars_by_list_price(vendor, self.model, self.input_tokens, self.output_tokens)


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """A part of a list of sums.

    Attributes:
        total: sums in the whole list.
        sums: of the part, the latest day first.
    """

    total: int
    sums: Sequence[UsageSum]


def summarize_usage(  # noqa: PLR0913 - the bounds of a list
    connection: TenantConnection,
    tenant_id: UUID,
    *,
    first: datetime,
    last: datetime | None,
    limit: int,
    offset: int,
) -> UsageSummary:
    """Return a part of a tenant's sums: latest day first, then operation, model, source type.

    Args:
        connection: in a transaction of the tenant.
        tenant_id: the tenant.
        first: requests from then on, naive UTC.
        last: requests until then, naive UTC; None: all.
        limit: most sums in the part.
        offset: sums before it.
    """
    parameters = {
        "tenant_id": tenant_id,
        "first": first,
        "last": last,
        "limit": limit,
        "offset": offset,
    }
    rows = connection.execute(statement(__package__, "summarize_usage"), parameters).fetchall()
    return UsageSummary(rows[0][0], [UsageSum(*row) for _, *row in rows if row[0] is not None])
