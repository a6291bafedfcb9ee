"""How the nearest articles of a text are searched: one by one, or in the vector index. Pure."""

from dataclasses import dataclass
from typing import Final

MOST_COMPARED: Final = 50_000
"""The largest space that is compared one by one when the index gave too few articles."""


@dataclass(frozen=True, slots=True)
class IndexScan:
    """A search of the vector index, which knows no tenant and gives almost the right order.

    Attributes:
        articles: of the tenant that are found at least; the nearest of them are taken.
        candidates: that the scan keeps at a time.
    """

    articles: int
    candidates: int


# Where few others are in the way, the order of the index is right: of 100,000 articles, 150 and 300
# candidates gave the same 0.965 of the ten nearest; vectors that several articles share are the
# rest. Among others' articles the recall of so few was 0.92 to 0.97, and that of 2,000 was 0.99:
# see docs/linking.md.
_ALONE: Final = IndexScan(150, candidates=150)
_AMONG_OTHERS: Final = IndexScan(2_000, candidates=1_000)

# up to here comparing one by one takes no longer than the scan
_COMPARED_ALONE: Final = 1_000
_COMPARED_AMONG_OTHERS: Final = 20_000


def index_scan(articles: int, all_tenants: int) -> IndexScan | None:
    """Return how to search the index; None: compare one by one.

    Args:
        articles: of the tenant, in the text's space.
        all_tenants: articles of all tenants, about; 0: not known.
    """
    alone = 0 < all_tenants <= 2 * articles
    if articles <= (_COMPARED_ALONE if alone else _COMPARED_AMONG_OTHERS):
        return None
    return _ALONE if alone else _AMONG_OTHERS
