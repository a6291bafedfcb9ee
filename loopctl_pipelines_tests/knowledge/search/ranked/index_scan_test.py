"""When the vector index is searched, and how far."""

import pytest

from loopctl_pipelines.knowledge.search.ranked.index_scan import IndexScan, index_scan


@pytest.mark.parametrize(
    ("articles", "all_tenants", "scan"),
    [
        (0, 0, None),
        (1_000, 2_000, None),
        (1_001, 2_002, IndexScan(150, 150)),
        (100_000, 100_000, IndexScan(150, 150)),
        (20_000, 40_001, None),
        (20_001, 40_003, IndexScan(2_000, 1_000)),
        (20_000, 0, None),
        (100_000, 0, IndexScan(2_000, 1_000)),
    ],
)
def test_a_tenant_among_others_is_searched_farther_or_compared(
    articles: int, all_tenants: int, scan: IndexScan | None
) -> None:
    assert index_scan(articles, all_tenants) == scan
